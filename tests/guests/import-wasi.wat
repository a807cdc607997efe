;; Wants randomness from WASI. Whole component: it must be refused for the import, by its name, before anything else is looked at.
(component
  (import "wasi:random/random@0.2.0" (instance
    (export "get-random-u64" (func (result u64))))))
