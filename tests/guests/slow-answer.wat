;; Computes for some tens of milliseconds, within every sensible time limit, and then breaks nothing.
(core module $hostile
  (func (export "evaluate") (param i32) (result i32)
    (local $left i64)
    (local.set $left (i64.const 30000000))
    (loop $again
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br_if $again (i64.ne (local.get $left) (i64.const 0))))
    (i32.const 128)))
