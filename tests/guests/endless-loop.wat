;; Never answers.
(core module $hostile
  (func (export "evaluate") (param i32) (result i32)
    (loop $again (br $again))
    (unreachable)))
