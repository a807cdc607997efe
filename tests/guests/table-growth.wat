;; Takes table elements, which cost the host eight bytes each and count as no memory.
(core module $hostile
  (table $elements 1 funcref)
  (func (export "evaluate") (param i32) (result i32)
    (loop $more (br_if $more (i32.ne (i32.const -1) (table.grow $elements (ref.null func) (i32.const 1000)))))
    (i32.const 128)))
