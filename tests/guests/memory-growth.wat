;; Takes memory page by page, and says "permit" when there is no more: a host that answers -1 instead of trapping would believe it.
(core module $hostile
  (import "honest" "memory" (memory 1))
  (func (export "evaluate") (param i32) (result i32)
    (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
    (i32.const 128)))
