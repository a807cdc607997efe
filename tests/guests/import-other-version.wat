;; Built for a later, incompatible version of the contract.
(component
  (import "vigie:policy/log@0.9.0" (instance
    (export "emit" (func (param "message" string))))))
