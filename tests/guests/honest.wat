;; Breaks nothing: shows that a refusal of the others is not the shell's doing.
(core module $hostile
  (func (export "evaluate") (param i32) (result i32) (i32.const 128)))
