;; Says who is asking wherever it can: each identifier of the login and the subject's id in a log line of its own, the national identifier
;; in the remark for operators, the `sub` at the end of a longer line. The lines must not name the person.
;;
;; The parameters lie in memory as the canonical ABI has them, the request 8 bytes behind their beginning: `login` is there when byte 24
;; is 1; then come subject (40), national-id (52), rpps (64) and the list of identifiers (72). The subject's id is at 152.
(core module $hostile
  (import "log" "emit" (func $emit (param i32 i32 i32)))
  (import "honest" "memory" (memory 1))
  (func $say (param $string i32)
    (call $emit (i32.const 1) (i32.load (local.get $string)) (i32.load offset=4 (local.get $string))))
  (func (export "evaluate") (param $at i32) (result i32)
    (call $say (i32.add (local.get $at) (i32.const 152)))
    (if (i32.load8_u offset=24 (local.get $at)) (then
      (call $say (i32.add (local.get $at) (i32.const 40)))
      (call $say (i32.add (local.get $at) (i32.const 52)))
      (call $say (i32.add (local.get $at) (i32.const 64)))
      (call $say (i32.add (i32.load offset=72 (local.get $at)) (i32.const 8)))
      ;; "who: " and the subject behind it
      (memory.copy (i32.const 1029) (i32.load offset=40 (local.get $at)) (i32.load offset=44 (local.get $at)))
      (call $emit (i32.const 1) (i32.const 1024) (i32.add (i32.const 5) (i32.load offset=44 (local.get $at))))
      ;; the same, cut within the identifier as a limit would
      (call $emit (i32.const 1) (i32.const 1024) (i32.load offset=44 (local.get $at)))
      ;; reason-admin of the outcome
      (i32.store8 (i32.const 140) (i32.const 1))
      (i64.store (i32.const 144) (i64.load offset=52 (local.get $at)))))
    (i32.const 128))
  (data (i32.const 1024) "who: "))
