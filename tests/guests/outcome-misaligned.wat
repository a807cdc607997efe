;; Answers with a place where no record may start.
(core module $hostile
  (func (export "evaluate") (param i32) (result i32) (i32.const 129)))
