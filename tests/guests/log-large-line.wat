;; Logs one line of three million bytes, which the host would have to copy before it can cut it.
(core module $hostile
  (import "log" "emit" (func $emit (param i32 i32 i32)))
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (drop (memory.grow (i32.const 46)))
    (call $emit (i32.const 2) (i32.const 65536) (i32.const 3000000))
    (i32.const 128)))
