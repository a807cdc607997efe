;; Logs ten thousand lines of sixty-four bytes with line breaks in them, then permits: the lines must be capped, not the answer.
(core module $hostile
  (import "log" "emit" (func $emit (param i32 i32 i32)))
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 10000))
    (loop $again
      (call $emit (i32.const 1) (i32.const 1024) (i32.const 64))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 128))
  (data (i32.const 1024) "{\"forged\":\"line\"}\0a{\"decision\":true}\0a\1b[31mred\1b[0m padding padding pad"))
