;; Answers with an effect that the contract does not have.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (i32.store8 (i32.const 128) (i32.const 7))
    (i32.const 128)))
