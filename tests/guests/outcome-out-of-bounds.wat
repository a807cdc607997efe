;; Points its reason code beyond the end of its memory.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store (i32.const 132) (i32.const 0x7ffffff0))
    (i32.const 128)))
