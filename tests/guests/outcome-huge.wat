;; Answers with a reason code of three million bytes.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (drop (memory.grow (i32.const 46)))
    (i32.store (i32.const 132) (i32.const 65536))
    (i32.store (i32.const 136) (i32.const 3000000))
    (i32.const 128)))
