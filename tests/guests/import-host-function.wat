;; Wants a function under the contract's own package that the contract does not have.
(component
  (import "vigie:policy/secrets@0.1.0" (instance
    (export "read" (func (param "name" string) (result string))))))
