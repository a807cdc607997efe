;; Traps in its start function, before any export can be called.
(core module $hostile
  (func $start (unreachable))
  (start $start)
  (func (export "evaluate") (param i32) (result i32) (i32.const 128)))
