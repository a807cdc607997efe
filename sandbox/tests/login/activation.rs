//! Activation by contacts, as the guides tell it: in the pages and through the API, with every way it can fail.

use serde_json::{Value, json};

use crate::world::{Browser, DOCTOR, Page, PhoneKey, World, param};

/// Not activated, contacts complete.
const NEWCOMER: &str = "899700075064";
/// Active, neither mail nor phone recorded, has a card.
const CARD_ONLY: &str = "899700366240";
/// Active, no phone recorded, no card.
const NEITHER: &str = "899700427885";

impl World {
    async fn step(&self, person: &str, step: Value) -> (u16, Value) {
        let url = self.script(&format!("/api/activation/{person}"));
        let answer = self.browser().http.post(url).json(&step).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn did(&self, person: &str, step: Value, state: &str) {
        let (status, answer) = self.step(person, step).await;
        assert_eq!((status, answer["state"].as_str()), (200, Some(state)), "{answer}");
    }

    async fn failed(&self, person: &str, step: Value, code: &str) {
        let (status, answer) = self.step(person, step).await;
        assert!((400..500).contains(&status), "{answer}");
        assert_eq!(answer["code"], code, "{answer}");
        assert!(answer["help"].as_str().is_some_and(|help| !help.is_empty()));
    }

    async fn outbox(&self, person: &str) -> Vec<Value> {
        let url = format!("{}/{person}", self.ready.outbox_api);
        self.browser().http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn newest(&self, person: &str, member: &str) -> String {
        let messages = self.outbox(person).await;
        messages.iter().find_map(|message| message[member].as_str()).unwrap().to_owned()
    }

    async fn set(&self, change: Value) {
        let url = self.script("/api/faults");
        assert_eq!(self.browser().http.post(url).json(&change).send().await.unwrap().status(), 200);
    }

    /// Request, scan and SMS, up to the typed code.
    async fn until_code(&self, person: &str, device: u64) -> String {
        self.did(person, json!({"step": "request"}), "requested").await;
        let qr = self.newest(person, "qr").await;
        self.did(person, json!({"step": "scan", "device": device, "qr": qr}), "scanned").await;
        self.did(person, json!({"step": "sms", "device": device}), "awaiting_sms").await;
        self.newest(person, "code").await
    }

    /// In the pages: a request, the link of the mail, a code that is wrong in form. Returns the text of the QR code.
    pub(crate) async fn until_wrong_code(&self, person: &str) -> String {
        let mut phone = self.phone().await;
        self.request_in_pages(&mut phone, person).await;
        let link = phone.get(&self.newest_link(person).await).await;
        let tap = phone.submit(&link, &[]).await.location();
        let tap = phone.get(&tap).await;
        let typed = phone.submit(&tap, &[]).await.location();
        let typed = phone.get(&typed).await;
        phone.submit(&typed, &[("code", "13571357")]).await;
        self.newest(person, "qr").await
    }

    /// Where the link of the newest mail leads: it stands on a genuine host, and from there the app opens.
    async fn newest_link(&self, person: &str) -> String {
        self.browser().get(&self.newest(person, "link").await).await.location()
    }

    async fn activate(&self, person: &str, device: u64, pin: &str) {
        let code = self.until_code(person, device).await;
        self.did(person, json!({"step": "code", "device": device, "code": code}), "choosing_pin").await;
        self.did(person, json!({"step": "pin", "device": device, "pin": pin}), "confirming_pin").await;
        self.did(person, json!({"step": "pin", "device": device, "pin": pin}), "active").await;
    }

    fn page(&self, path: &str) -> String {
        self.script(path)
    }

    /// A phone that has just accepted the terms.
    async fn phone(&self) -> Browser {
        let mut phone = self.browser();
        let terms = phone.get(&self.page("/phone/activation/conditions")).await;
        let choice = phone.submit(&terms, &[]).await;
        assert!(choice.location().ends_with("/choix"));
        phone
    }

    /// In the pages: from the identifier to the sent mail.
    async fn request_in_pages(&self, phone: &mut Browser, person: &str) -> Page {
        let ask = phone.get(&self.page("/phone/activation/demande")).await;
        let contacts = phone.submit(&ask, &[("saisie", person)]).await;
        assert!(contacts.body.contains("Vos coordonnées enregistrées"), "{}", contacts.body);
        let sent = phone.submit(&contacts, &[]).await;
        assert!(sent.body.contains("Demande envoyée"), "{}", sent.body);
        contacts
    }
}

/// From the scan form to the active e-CPS, in the pages.
async fn finish_in_pages(phone: &mut Browser, scan: &Page, fields: &[(&str, &str)], pin: &str, key: &PhoneKey) -> Page {
    let running = phone.submit(scan, fields).await.location();
    let tap = phone.get(&running).await;
    assert!(tap.body.contains("Recevoir mon code par SMS"), "{}", tap.body);
    let sent = phone.submit(&tap, &[]).await;
    let typed = phone.get(&format!("{}?sms=lire", sent.location())).await;
    let code = typed.between("name=\"code\" value=\"", "\"");
    assert_eq!(code.len(), 6);
    let chosen = phone.submit(&typed, &[("code", &code)]).await;
    let first = phone.get(&chosen.location()).await;
    assert!(first.body.contains("Créer votre code PIN"));
    let again = phone.submit(&first, &[("pin", pin)]).await;
    let again = phone.get(&again.location()).await;
    assert!(again.body.contains("Confirmer le choix"));
    for wrong in ["", "AAAA"] {
        let keyless = phone.submit(&again, &[("pin", pin), ("cle", wrong)]).await;
        assert!(keyless.body.contains("n&#x27;a pas créé sa clé") || keyless.body.contains("n'a pas créé sa clé"));
    }
    phone.submit(&again, &[("pin", pin), ("cle", &key.public())]).await
}

#[tokio::test]
async fn by_the_link_of_the_mail_opened_on_the_phone() {
    let world = World::start().await;
    let mut phone = world.phone().await;
    let contacts = world.request_in_pages(&mut phone, NEWCOMER).await;
    assert_eq!(contacts.between("data-test=\"mail\">", "<"), "c•••@c•••.example");
    assert_eq!(contacts.between("data-test=\"phone\">", "<"), "•• •• •• •• 09");
    assert!(!contacts.body.contains("charlie"), "contacts stay masked");

    let outbox = phone.get(&world.page("/outbox")).await;
    let mail = phone.get(&world.page(&outbox.between("<a href=\"", "\""))).await;
    assert!(mail.body.contains("Démarrer l&#x27;activation") || mail.body.contains("Démarrer l'activation"));
    let image = phone.get(&world.page(&mail.between("<img src=\"", "\""))).await;
    assert!(image.body.contains("<svg"), "{}", image.body);
    // A genuine host, and from there to the app.
    let link = phone.get(&mail.between("id=\"activation-link\" href=\"", "\"")).await;
    let link = phone.get(&link.location()).await;
    let key = PhoneKey::make();
    let done = finish_in_pages(&mut phone, &link, &[], "2468", &key).await;
    assert!(done.body.contains("data-result=\"activated\""), "{}", done.body);

    // Active on this phone and on no other, with the chosen PIN.
    assert!(phone.get(&world.page(&format!("/phone/{NEWCOMER}"))).await.body.contains("Aucune demande en attente"));
    let stranger = world.browser().get(&world.page(&format!("/phone/{NEWCOMER}"))).await;
    assert_eq!(stranger.status, 403);
    stranger.has_code("SBX-PHONE-OTHER");
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, NEWCOMER).await;
    let elsewhere = json!({"pin": "2468", "number": waiting.number, "device": 1});
    let (status, answer) = world.answer(NEWCOMER, elsewhere).await;
    assert_eq!((status, &answer["code"]), (403, &json!("SBX-PHONE-OTHER")));
    let notification = phone.get(&world.page(&format!("/phone/{NEWCOMER}"))).await;
    let page = phone.get(&notification.location()).await;
    let numbers = phone.submit(&page, &[("pin", "2468")]).await;
    let numbers = phone.get(&numbers.location()).await;
    // The PIN and the number are not enough: the phone signs. A script that knows both cannot.
    let unsigned = phone.submit(&numbers, &[("number", &waiting.number)]).await;
    assert_eq!(unsigned.status, 422);
    unsigned.has_code("SBX-PHONE-KEY");
    PhoneKey::make().approve(&mut phone, &numbers, &waiting.number).await.has_code("SBX-PHONE-KEY");
    let (status, answer) = world.answer(NEWCOMER, json!({"pin": "2468", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (403, &json!("SBX-PHONE-KEY")));
    key.approve(&mut phone, &numbers, &waiting.number).await;
    let login = browser.get(&format!("{}/suite", waiting.base)).await;
    assert!(param(&url::Url::parse(&login.location()).unwrap(), "code").is_some());
}

#[tokio::test]
async fn by_the_qr_code_of_a_mail_opened_elsewhere() {
    let world = World::start().await;
    let mut phone = world.phone().await;
    world.request_in_pages(&mut phone, NEWCOMER).await;
    let scanner = phone.get(&world.page("/phone/activation/scanner")).await;
    let wrong = phone.submit(&scanner, &[("qr", "not a code")]).await;
    wrong.has_code("ACT-QR-UNKNOWN");
    let qr = world.newest(NEWCOMER, "qr").await;
    let done = finish_in_pages(&mut phone, &scanner, &[("qr", &qr)], "0000", &PhoneKey::make()).await;
    assert!(done.body.contains("data-result=\"activated\""));
    let notice = &world.outbox(NEWCOMER).await[0];
    assert!(notice["subject"].as_str().unwrap().contains("active"), "{notice}");
}

#[tokio::test]
async fn the_link_waits_for_the_terms_and_looking_uses_nothing_up() {
    let world = World::start().await;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    let link = world.newest_link(NEWCOMER).await;
    for _ in 0..3 {
        assert!(world.browser().get(&link).await.body.contains("Conditions générales"));
    }
    let mut phone = world.browser();
    let terms = phone.get(&link).await;
    let accepted = phone.submit(&terms, &[]).await;
    let start = phone.get(&accepted.location()).await;
    assert!(phone.submit(&start, &[]).await.location().ends_with("/suite"));
    // The other phone is too late.
    let mut late = world.phone().await;
    let start = late.get(&link).await;
    late.submit(&start, &[]).await.has_code("ACT-QR-USED");
}

#[tokio::test]
async fn tickets_die_by_time_and_by_a_newer_one() {
    let world = World::start().await;
    let two_days = 2 * 24 * 60 * 60;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    let old = world.newest(NEWCOMER, "qr").await;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    world.failed(NEWCOMER, json!({"step": "scan", "device": 1, "qr": old}), "ACT-QR-SUPERSEDED").await;
    let new = world.newest(NEWCOMER, "qr").await;
    world.clock.advance_s(two_days - 1);
    let scanned = json!({"step": "scan", "device": 1, "qr": new});
    world.did(NEWCOMER, scanned.clone(), "scanned").await;
    world.failed(NEWCOMER, scanned, "ACT-QR-USED").await;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    let late = world.newest(NEWCOMER, "qr").await;
    world.clock.advance_s(two_days);
    world.failed(NEWCOMER, json!({"step": "scan", "device": 1, "qr": late}), "ACT-MAIL-QR-EXPIRED").await;
}

#[tokio::test]
async fn wrong_codes_are_bounded() {
    let world = World::start().await;
    let code = world.until_code(NEWCOMER, 1).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let typed = |code: &str| json!({"step": "code", "device": 1, "code": code});
    world.failed(NEWCOMER, typed("12"), "ACT-CODE-LENGTH").await;
    world.failed(NEWCOMER, json!({"step": "code", "device": 2, "code": code}), "ACT-ORDER").await;
    world.failed(NEWCOMER, typed(wrong), "ACT-CODE-WRONG").await;
    world.failed(NEWCOMER, typed(wrong), "ACT-CODE-WRONG").await;
    world.failed(NEWCOMER, typed(wrong), "ACT-CODE-LOCKED").await;
    world.failed(NEWCOMER, typed(&code), "ACT-ORDER").await;

    let code = world.until_code(NEWCOMER, 1).await;
    world.clock.advance_s(600);
    world.failed(NEWCOMER, typed(&code), "ACT-CODE-EXPIRED").await;
}

#[tokio::test]
async fn two_different_pins_start_the_choice_again() {
    let world = World::start().await;
    let code = world.until_code(NEWCOMER, 1).await;
    let pin = |pin: &str| json!({"step": "pin", "device": 1, "pin": pin});
    world.failed(NEWCOMER, pin("1111"), "ACT-ORDER").await;
    world.did(NEWCOMER, json!({"step": "code", "device": 1, "code": code}), "choosing_pin").await;
    world.failed(NEWCOMER, pin("12345"), "ACT-CODE-LENGTH").await;
    world.did(NEWCOMER, pin("1111"), "confirming_pin").await;
    world.failed(NEWCOMER, pin("2222"), "ACT-PIN-DIFFERS").await;
    world.did(NEWCOMER, pin("3333"), "confirming_pin").await;
    world.did(NEWCOMER, pin("3333"), "active").await;
}

#[tokio::test]
async fn missing_contacts_lead_to_the_order_and_72_hours() {
    let world = World::start().await;
    world.failed(CARD_ONLY, json!({"step": "contacts"}), "ACT-NO-CONTACTS").await;
    world.failed(NEITHER, json!({"step": "request"}), "ACT-NO-PHONE").await;
    let mut phone = world.phone().await;
    let ask = phone.get(&world.page("/phone/activation/demande")).await;
    let refused = phone.submit(&ask, &[("saisie", NEITHER)]).await;
    refused.has_code("ACT-NO-PHONE");
    assert!(refused.body.contains("/ordre"));
    let order = phone.get(&world.page("/ordre")).await;
    let unread = phone.submit(&order, &[("saisie", NEITHER), ("mobile", "01 02")]).await;
    assert_eq!(unread.status, 422);
    let received = phone.submit(&order, &[("saisie", NEITHER), ("mobile", "06 39 98 00 77")]).await;
    assert!(received.body.contains("data-result=\"received\""));
    world.clock.advance_s(72 * 60 * 60 - 1);
    world.failed(NEITHER, json!({"step": "contacts"}), "ACT-NO-PHONE").await;
    world.clock.advance_s(1);
    let (_, contacts) = world.step(NEITHER, json!({"step": "contacts"})).await;
    assert_eq!(contacts["phone"], "•• •• •• •• 77");
    world.failed(CARD_ONLY, json!({"step": "order"}), "ACT-MAIL").await;
    world.did(CARD_ONLY, json!({"step": "order", "mail": "x@y.example", "phone": "0639980078"}), "received").await;
}

#[tokio::test]
async fn a_blocked_mail_arrives_nowhere() {
    let world = World::start().await;
    world.set(json!({"mail_blocked": true})).await;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    let message = &world.outbox(NEWCOMER).await[0];
    assert_eq!((&message["delivered"], message.get("qr")), (&json!(false), None), "{message}");
    let page = world.browser().get(&world.page(&format!("/outbox/{}", message["id"]))).await;
    assert!(page.body.contains("data-result=\"blocked\""));
    world.set(json!({"mail_blocked": false})).await;
    world.activate(NEWCOMER, 1, "1234").await;
}

#[tokio::test]
async fn deleted_and_activated_again_on_another_phone() {
    let world = World::start().await;
    world.activate(DOCTOR, 7, "9999").await;
    world.failed(DOCTOR, json!({"step": "delete", "device": 8}), "SBX-PHONE-OTHER").await;
    world.did(DOCTOR, json!({"step": "delete", "device": 7}), "deleted").await;
    world.failed(DOCTOR, json!({"step": "delete"}), "SBX-NO-ECPS").await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    browser.submit(&page, &[("saisie", DOCTOR)]).await.has_code("SBX-ID-NOT-ACTIVATED");
    world.activate(DOCTOR, 8, "4321").await;
    let waiting = world.reach_number(&mut world.browser(), DOCTOR).await;
    let (status, _) = world.answer(DOCTOR, json!({"pin": "9999", "number": waiting.number, "device": 8})).await;
    assert_eq!(status, 403, "the old PIN is gone");
    let (status, _) = world.answer(DOCTOR, json!({"pin": "4321", "number": waiting.number, "device": 8})).await;
    assert_eq!(status, 200);
    // The page of the phone that came with the person can be deleted from as well.
    let mut phone = world.browser();
    let idle = phone.get(&world.page("/phone/899700427869")).await;
    let deleted = phone.submit(&idle, &[]).await;
    assert!(phone.get(&deleted.location()).await.body.contains("e-CPS non activée"));
}

#[tokio::test]
async fn pins_are_bounded_over_all_requests() {
    let world = World::start().await;
    for _ in 0..4 {
        let waiting = world.reach_number(&mut world.browser(), DOCTOR).await;
        for _ in 0..3 {
            if let [request] = world.requests(DOCTOR).await.as_slice() {
                let id = request["id"].as_str().unwrap();
                world.answer_request(DOCTOR, id, json!({"pin": "0000", "number": waiting.number})).await;
            }
        }
        if world.page_says_blocked().await {
            break;
        }
    }
    assert!(world.page_says_blocked().await);
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    browser.submit(&page, &[("saisie", DOCTOR)]).await.has_code("SBX-ID-BLOCKED");
    world.activate(DOCTOR, 1, "1234").await;
    world.reach_number(&mut world.browser(), DOCTOR).await;
}

impl World {
    async fn page_says_blocked(&self) -> bool {
        self.browser().get(&self.page(&format!("/phone/{DOCTOR}"))).await.body.contains("e-CPS bloquée")
    }
}

#[tokio::test]
async fn requests_are_limited_and_forms_protected() {
    let world = World::start().await;
    for _ in 0..10 {
        world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    }
    world.failed(NEWCOMER, json!({"step": "request"}), "SBX-MAIL-LIMIT").await;
    world.clock.advance_s(60);
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    world.failed(NEWCOMER, json!({"step": "dance"}), "SBX-ACTIVATION-BODY").await;
    world.failed("899700000000", json!({"step": "request"}), "SBX-PHONE-UNKNOWN").await;
    let mut phone = world.phone().await;
    for path in ["conditions", "demande", "envoyer", "scanner", "sms", "code", "pin", "quitter", "autre"] {
        let forged = phone.post(&world.page(&format!("/phone/activation/{path}")), &[("csrf", "x")]).await;
        assert_eq!(forged.status, 403, "{path}");
    }
    // Before the terms nothing is asked.
    let ask = world.browser().get(&world.page("/phone/activation/demande")).await;
    assert!(ask.location().ends_with("/conditions"));
    let mistyped = phone.get(&world.page("/phone/activation/demande")).await;
    phone.submit(&mistyped, &[("saisie", "99700075064")]).await.has_code("SBX-ID-EIGHT");
}

#[tokio::test]
async fn a_script_may_bring_a_key_and_signs_from_then_on() {
    let world = World::start().await;
    let code = world.until_code(NEWCOMER, 1).await;
    world.did(NEWCOMER, json!({"step": "code", "device": 1, "code": code}), "choosing_pin").await;
    world.did(NEWCOMER, json!({"step": "pin", "device": 1, "pin": "1234"}), "confirming_pin").await;
    let key = PhoneKey::make();
    world.failed(NEWCOMER, json!({"step": "pin", "device": 1, "pin": "1234", "key": "AAAA"}), "SBX-PHONE-KEY").await;
    world.did(NEWCOMER, json!({"step": "pin", "device": 1, "pin": "1234", "key": key.public()}), "active").await;
    let waiting = world.reach_number(&mut world.browser(), NEWCOMER).await;
    let request = world.requests(NEWCOMER).await.remove(0);
    let (id, nonce) = (request["id"].as_str().unwrap(), request["nonce"].as_str().unwrap());
    let other = waiting.other_number(&request);
    for (signature, status) in [
        (key.sign(id, &waiting.number, "another nonce"), 403),
        (key.sign(id, &other, nonce), 403),
        (key.sign(id, &waiting.number, nonce), 200),
    ] {
        let body = json!({"pin": "1234", "number": waiting.number, "signature": signature});
        let (answered, answer) = world.answer_request(NEWCOMER, id, body).await;
        assert_eq!(answered, status, "{answer}");
    }
}

#[tokio::test]
async fn a_qr_code_is_read_from_an_image() {
    let world = World::start().await;
    world.did(NEWCOMER, json!({"step": "request"}), "requested").await;
    let qr = world.newest(NEWCOMER, "qr").await;
    let code = qrcode::QrCode::new(&qr).unwrap();
    let side = code.width() + 8;
    let modules = code.to_colors();
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| (4..side - 4).contains(&at);
        inside(x) && inside(y) && modules[(y - 4) * code.width() + x - 4] == qrcode::Color::Dark
    };
    let pixels: Vec<u8> = (0..side * 5)
        .flat_map(|y| (0..side * 5).map(move |x| (x / 5, y / 5)))
        .map(|(x, y)| if dark(x, y) { 0 } else { 255 })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, u32::try_from(side * 5).unwrap(), u32::try_from(side * 5).unwrap());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let read = async |body: Vec<u8>| {
        let answer = world.browser().http.post(world.page("/api/qr")).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    assert_eq!(read(file).await, (200, json!({ "text": qr })));
    let (status, answer) = read(b"not an image".to_vec()).await;
    assert_eq!((status, &answer["code"]), (400, &json!("SBX-QR-IMAGE")));
    assert_eq!(read(vec![0; 5 << 20]).await.0, 413);
}
