;; Traps when asked: what a panic of a policy becomes.
(core module $hostile
  (func (export "evaluate") (param i32) (result i32) (unreachable)))
