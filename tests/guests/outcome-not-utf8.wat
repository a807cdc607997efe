;; Answers with a reason code that is not UTF-8.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store8 (i32.const 592) (i32.const 0xff))
    (i32.const 128)))
