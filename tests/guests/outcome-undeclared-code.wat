;; Answers with a well-formed reason code that its description does not list.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store (i32.const 132) (i32.const 1024))
    (i32.const 128))
  (data (i32.const 1024) "HOSTILE-SECRET"))
