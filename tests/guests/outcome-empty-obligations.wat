;; Answers with two thousand obligations without any text: counted in bytes of text they would be free.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store (i32.const 160) (i32.const 8192))
    (i32.store (i32.const 164) (i32.const 2000))
    (i32.const 128)))
