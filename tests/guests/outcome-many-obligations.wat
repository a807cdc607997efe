;; Answers with a quarter of a thousand million obligations, all at the same place and all empty.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store (i32.const 160) (i32.const 8192))
    (i32.store (i32.const 164) (i32.const 0x0fffffff))
    (i32.const 128)))
