;; Brings a memory of its own beside the shared one: limits that count per memory would be doubled.
(core module $hostile
  (memory 1)
  (func (export "evaluate") (param i32) (result i32) (i32.const 128)))
