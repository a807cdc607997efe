;; Never finishes its start function, so that it cannot even be asked about itself.
(core module $hostile
  (func $start (loop $again (br $again)))
  (start $start)
  (func (export "evaluate") (param i32) (result i32) (i32.const 128)))
