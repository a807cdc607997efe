;; Calls itself for ever. The call is not the last thing done, so it cannot become a jump.
(core module $hostile
  (func $deeper (param i32) (result i32)
    (i32.add (i32.const 1) (call $deeper (i32.add (local.get 0) (i32.const 1)))))
  (func (export "evaluate") (param i32) (result i32)
    (drop (call $deeper (i32.const 0)))
    (i32.const 128)))
