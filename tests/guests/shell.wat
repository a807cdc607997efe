;; The honest half of every hostile policy: types, imports and exports of `vigie:policy@0.1.0`, and a core module that describes
;; itself and accepts any settings. A test puts one of the other files, a core module `$hostile` with an `evaluate`, in place of
;; the line with the at-sign and gives the whole to the `wat` crate.
;;
;; Both modules share one memory, since the host allows only one. Its first page, written by the data segments below:
;;   0    description      128  `outcome`: permit, HOSTILE-PERMIT      4096  what cabi_realloc hands out
(component
  (type $types (instance
    (type $level' (enum "eidas1" "eidas2" "eidas3"))
    (export "level" (type $level (eq $level')))
    (type $auth-mode' (enum "mobile" "card" "identity-broker" "webauthn" "unknown"))
    (export "auth-mode" (type $auth-mode (eq $auth-mode')))
    (type $identifier' (record (field "origin" string) (field "value" string)))
    (export "identifier" (type $identifier (eq $identifier')))
    (type $structure' (record (field "id" (option string)) (field "name" (option string))
      (field "finess" (option string)) (field "siret" (option string))))
    (export "structure" (type $structure (eq $structure')))
    (type $practice' (record (field "profession" (option string)) (field "category" (option string))
      (field "speciality" (option string)) (field "role" (option string)) (field "sector" (option string))
      (field "mode" (option string)) (field "structure" (option $structure))))
    (export "practice" (type $practice (eq $practice')))
    (type $identity' (record (field "issuer" string) (field "subject" string) (field "national-id" (option string))
      (field "rpps" (option string)) (field "identifiers" (list $identifier)) (field "practices" (list $practice))
      (field "acting-as" (option u32))))
    (export "identity" (type $identity (eq $identity')))
    (type $check-outcome' (enum "passed" "absent" "noted"))
    (export "check-outcome" (type $check-outcome (eq $check-outcome')))
    (type $evidence' (record (field "check" string) (field "outcome" $check-outcome) (field "detail" (option string))))
    (export "evidence" (type $evidence (eq $evidence')))
    (type $userinfo-source' (enum "none" "fetched" "relayed"))
    (export "userinfo-source" (type $userinfo-source (eq $userinfo-source')))
    (type $login' (record (field "identity" $identity) (field "level" (option $level)) (field "auth-mode" $auth-mode)
      (field "auth-time" (option u64)) (field "verified-at" u64) (field "userinfo" $userinfo-source)
      (field "evidence" (list $evidence))))
    (export "login" (type $login (eq $login')))
    (type $entity' (record (field "kind" string) (field "id" string) (field "properties" (option string))))
    (export "entity" (type $entity (eq $entity')))
    (type $request' (record (field "now" u64) (field "audience" string) (field "login" (option $login))
      (field "subject" $entity) (field "action" string) (field "action-properties" (option string))
      (field "target" $entity) (field "context" (option string))))
    (export "request" (type $request (eq $request')))
    (type $effect' (enum "permit" "deny" "abstain"))
    (export "effect" (type $effect (eq $effect')))
    (type $obligation' (record (field "id" string) (field "kind" string) (field "properties" string)))
    (export "obligation" (type $obligation (eq $obligation')))
    (type $text' (record (field "language" string) (field "message" string)))
    (export "text" (type $text (eq $text')))
    (type $outcome' (record (field "effect" $effect) (field "reason-code" string) (field "reason-admin" (option string))
      (field "reason-user" (list $text)) (field "obligations" (list $obligation))))
    (export "outcome" (type $outcome (eq $outcome')))))
  (import "vigie:policy/types@0.1.0" (instance $types (type $types)))
  (alias export $types "request" (type $request))
  (alias export $types "outcome" (type $outcome))

  (import "vigie:policy/log@0.1.0" (instance $log
    (type $severity' (enum "debug" "info" "warn"))
    (export "severity" (type $severity (eq $severity')))
    (export "emit" (func (param "severity" $severity) (param "message" string)))))

  (core module $honest
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    ;; Hands out memory and never takes it back; an instance lives for one call.
    (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $place i32)
      (local.set $place (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $place) (local.get $size)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $next) (i32.shl (memory.size) (i32.const 16))))
        (br_if $fits (i32.ne (i32.const -1)
          (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16))))))
        (unreachable))
      (local.get $place))
    (func (export "describe") (result i32) (i32.const 0))
    (func (export "validate-settings") (param i32 i32) (result i32) (i32.const 192))
    ;; name, version, summary, needs-login, settings-schema, reason-codes
    (data (i32.const 0) "\00\02\00\00\07\00\00\00" "\08\02\00\00\05\00\00\00" "\10\02\00\00\20\00\00\00" "\00\00\00\00"
      "\30\02\00\00\02\00\00\00" "\40\02\00\00\01\00\00\00")
    ;; effect permit, reason-code, no reason-admin, no reason-user, no obligations
    (data (i32.const 128) "\00\00\00\00" "\50\02\00\00\0e\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
      "\00\00\00\00\00\00\00\00")
    (data (i32.const 512) "hostile\000.1.0\00\00\00A guest that breaks its contract")
    (data (i32.const 560) "{}")
    (data (i32.const 576) "\50\02\00\00\0e\00\00\00")
    (data (i32.const 592) "HOSTILE-PERMIT"))
  (core instance $honest (instantiate $honest))
  (core func $emit (canon lower (func $log "emit") (memory (core memory $honest "memory"))))

  @hostile
  (core instance $hostile (instantiate $hostile
    (with "honest" (instance $honest))
    (with "log" (instance (export "emit" (func $emit))))))

  (type $setting-error (record (field "path" string) (field "message" string)))
  (type $description (record (field "name" string) (field "version" string) (field "summary" string)
    (field "needs-login" bool) (field "settings-schema" string) (field "reason-codes" (list string))))

  (component $lifecycle
    (type $setting-error' (record (field "path" string) (field "message" string)))
    (import "setting-error" (type $setting-error (eq $setting-error')))
    (type $description' (record (field "name" string) (field "version" string) (field "summary" string)
      (field "needs-login" bool) (field "settings-schema" string) (field "reason-codes" (list string))))
    (import "description" (type $description (eq $description')))
    (import "describe" (func $describe (result $description)))
    (import "validate-settings" (func $validate (param "settings" string) (result (result (error (list $setting-error))))))
    (export $setting-error-out "setting-error" (type $setting-error))
    (export $description-out "description" (type $description))
    (export "describe" (func $describe) (func (result $description-out)))
    (export "validate-settings" (func $validate)
      (func (param "settings" string) (result (result (error (list $setting-error-out)))))))
  (func $describe (result $description) (canon lift (core func $honest "describe") (memory (core memory $honest "memory"))))
  (func $validate (param "settings" string) (result (result (error (list $setting-error))))
    (canon lift (core func $honest "validate-settings") (memory (core memory $honest "memory")) (realloc (core func $honest "cabi_realloc"))))
  (instance $lifecycle (instantiate $lifecycle
    (with "setting-error" (type $setting-error)) (with "description" (type $description))
    (with "describe" (func $describe)) (with "validate-settings" (func $validate))))
  (export "vigie:policy/lifecycle@0.1.0" (instance $lifecycle))

  (func $evaluate (param "settings" string) (param "request" $request) (result $outcome)
    (canon lift (core func $hostile "evaluate") (memory (core memory $honest "memory")) (realloc (core func $honest "cabi_realloc"))))
  (instance $decide (export "evaluate" (func $evaluate)))
  (export "vigie:policy/decide@0.1.0" (instance $decide)))
