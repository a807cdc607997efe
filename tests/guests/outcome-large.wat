;; Answers with a reason code of forty thousand bytes: below what a call may hand over, above what an answer may hold.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (memory.fill (i32.const 8192) (i32.const 65) (i32.const 40000))
    (i32.store (i32.const 132) (i32.const 8192))
    (i32.store (i32.const 136) (i32.const 40000))
    (i32.const 128)))
