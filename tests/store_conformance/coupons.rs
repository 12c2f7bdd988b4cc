//! Codes of coupon pools: each is given once, those that expire first go first, and who has which can be told.

use kurant_engine::erased::pseudonym;
use kurant_engine::id::Key;
use kurant_engine::input::GivenCode;
use kurant_store::{
    Batch, CodeGiven, EnrollmentRow, Erasure, Error, NewCode, PoolLevel, PoolSums, Share, Sought,
    Store,
};

use super::sample::{at, ended, id, person};

pub(super) fn new(pool: &str, code: &str, expires: Option<i64>) -> NewCode {
    NewCode {
        pool: pool.into(),
        code: code.into(),
        expires: expires.map(at),
    }
}

async fn import(store: &dyn Store, codes: Vec<NewCode>) {
    let batch = Batch {
        clock: at(10),
        codes_new: codes,
        ..Batch::default()
    };
    store.commit(batch).await.expect("an import");
}

pub(super) fn given(code: &str, customer: &str, millis: i64) -> CodeGiven {
    CodeGiven {
        customer: id(customer),
        given: GivenCode {
            pool: "spring".into(),
            code: code.into(),
            journey: "welcome".into(),
            enrollment: Key::of(&["enrollment", customer]),
            at: at(millis),
        },
    }
}

async fn give(store: &dyn Store, codes_given: Vec<CodeGiven>) -> Result<(), Error> {
    let batch = Batch {
        codes_given,
        ..Batch::default()
    };
    store.commit(batch).await
}

async fn left(store: &dyn Store, from: i64, share: Share, limit: usize) -> Vec<String> {
    let codes = store.codes("spring", at(from), share, limit).await;
    let codes = codes.expect("codes").into_iter();
    codes.map(|own| own.code.to_string()).collect()
}

pub(super) async fn codes_that_expire_first_come_first_and_hold_long_enough(store: &dyn Store) {
    import(
        store,
        vec![
            new("spring", "never", None),
            new("spring", "late", Some(900)),
            new("spring", "soon", Some(100)),
            new("other", "x", None),
        ],
    )
    .await;
    assert_eq!(
        left(store, 0, Share::ALL, 9).await,
        ["soon", "late", "never"]
    );
    assert_eq!(left(store, 100, Share::ALL, 1).await, ["soon"]);
    assert_eq!(left(store, 101, Share::ALL, 9).await, ["late", "never"]);
    let mut shared = Vec::new();
    for index in 0..3 {
        shared.extend(left(store, 0, Share { index, of: 3 }, 9).await);
    }
    shared.sort();
    assert_eq!(shared, ["late", "never", "soon"], "each falls to one share");
    let found = store.codes("spring", at(0), Share::ALL, 1).await;
    assert_eq!(found.unwrap()[0].expires, Some(at(100)));
}

pub(super) async fn a_code_is_given_once(store: &dyn Store) {
    import(
        store,
        vec![new("spring", "A", None), new("spring", "B", None)],
    )
    .await;
    give(store, vec![given("A", "anna", 50)]).await.unwrap();
    for refused in [
        vec![given("A", "bohdan", 60)],
        vec![given("B", "bohdan", 60), given("A", "bohdan", 60)],
        vec![given("B", "bohdan", 60), given("B", "dana", 60)],
        vec![given("unknown", "bohdan", 60)],
    ] {
        let done = give(store, refused.clone()).await;
        assert!(
            matches!(done, Err(Error::Conflict)),
            "{refused:?}: {done:?}"
        );
    }
    assert_eq!(
        left(store, 0, Share::ALL, 9).await,
        ["B"],
        "nothing was written"
    );
    let sought = ["A", "B", "C"].map(str::to_owned);
    let found = store.codes_found(Sought::Codes(&sought), 9).await.unwrap();
    let holders = found.iter().map(|own| {
        let holder = own.given.as_ref();
        (&*own.code, holder.map(|own| (&*own.customer, own.at)))
    });
    let holders: Vec<_> = holders.collect();
    assert_eq!(holders, [("A", Some(("anna", at(50)))), ("B", None)]);
    let own = found[0].given.as_ref().expect("a holder");
    assert_eq!(&*own.journey, "welcome");
    assert_eq!(own.enrollment, Key::of(&["enrollment", "anna"]));
}

pub(super) async fn a_code_stands_in_one_pool(store: &dyn Store) {
    import(store, vec![new("spring", "A", Some(100))]).await;
    give(store, vec![given("A", "anna", 50)]).await.unwrap();
    import(
        store,
        vec![
            new("spring", "A", None),
            new("other", "A", None),
            new("other", "B", None),
        ],
    )
    .await;
    let sought = ["A", "B"].map(str::to_owned);
    let found = store.codes_found(Sought::Codes(&sought), 9).await.unwrap();
    let stand: Vec<_> = found
        .iter()
        .map(|own| (&*own.code, &*own.pool, own.expires, own.given.is_some()))
        .collect();
    assert_eq!(
        stand,
        [
            ("A", "spring", Some(at(100)), true),
            ("B", "other", None, false)
        ],
        "what is known stays as it is"
    );
}

pub(super) async fn codes_are_counted_and_those_that_nobody_has_go(store: &dyn Store) {
    let codes = ["A", "B", "C", "D"].map(|code| new("spring", code, None));
    let mut codes = codes.to_vec();
    codes.push(new("spring", "old", Some(20)));
    codes.push(new("spring", "next", Some(500)));
    codes.push(new("other", "x", None));
    import(store, codes).await;
    give(store, vec![given("A", "anna", 50), given("B", "anna", 90)])
        .await
        .unwrap();
    let sums = store.pool_sums(at(100), at(60)).await.unwrap();
    let spring = PoolSums {
        pool: "spring".into(),
        left: 3,
        expired: 1,
        aside: 0,
        given: 2,
        lately: 1,
        first_expires: Some(at(500)),
        imported: at(10),
    };
    assert_eq!(sums.len(), 2);
    assert_eq!(sums[1], spring);
    for (pool, left, lately) in [("spring", 3, 1), ("other", 1, 0), ("none", 0, 0)] {
        let level = store.pool_level(pool, at(100), at(60)).await.unwrap();
        let own = PoolLevel {
            left,
            aside: 0,
            lately,
        };
        assert_eq!(level, own, "{pool}");
    }
    let of_anna = store.codes_found(Sought::Of("anna"), 9).await.unwrap();
    let names: Vec<&str> = of_anna.iter().map(|own| &*own.code).collect();
    assert_eq!(names, ["B", "A"], "the latest first");
    let last = store.codes_found(Sought::Given("spring"), 1).await.unwrap();
    assert_eq!(last[0].code, "B");
    assert_eq!(store.withdraw_codes("spring", 3).await.unwrap(), 3);
    assert_eq!(store.withdraw_codes("spring", 3).await.unwrap(), 1);
    assert_eq!(store.withdraw_codes("spring", 3).await.unwrap(), 0);
    let done = give(store, vec![given("C", "bohdan", 99)]).await;
    assert!(matches!(done, Err(Error::Conflict)), "it is no more");
    let sums = store.pool_sums(at(100), at(60)).await.unwrap();
    assert_eq!((sums[1].left, sums[1].expired, sums[1].given), (0, 0, 2));
    assert_eq!(sums[0].left, 1, "the other pool is left alone");
}

pub(super) async fn what_is_put_aside_is_given_to_nobody_until_it_is_released(store: &dyn Store) {
    let old = ["A", "B", "C", "D"].map(|code| new("spring", code, None));
    let mut old = old.to_vec();
    old.push(new("other", "x", None));
    import(store, old).await;
    give(store, vec![given("A", "anna", 50)]).await.unwrap();
    let late = Batch {
        clock: at(61),
        codes_new: vec![new("late", "F", None)],
        ..Batch::default()
    };
    store.commit(late).await.expect("an import");
    for (upto, count) in [(60, 0), (61, 1)] {
        let aside = store.put_codes_aside("late", at(upto), 9).await.unwrap();
        assert_eq!(aside, count, "what came later is no part of a copy");
    }
    assert_eq!(store.withdraw_codes("late", 9).await.unwrap(), 1);
    let mut aside = Vec::new();
    for _ in 0..3 {
        aside.push(store.put_codes_aside("spring", at(60), 2).await.unwrap());
    }
    assert_eq!(aside, [2, 1, 0], "what was given is left alone");
    import(
        store,
        vec![new("spring", "E", None), new("spring", "B", None)],
    )
    .await;
    assert_eq!(left(store, 0, Share::ALL, 9).await, ["E"]);
    let done = give(store, vec![given("B", "bohdan", 99)]).await;
    assert!(matches!(done, Err(Error::Conflict)), "it is put aside");
    let sums = store.pool_sums(at(100), at(60)).await.unwrap();
    let stand = |own: &PoolSums| (own.left, own.aside, own.expired, own.given);
    assert_eq!(
        [stand(&sums[0]), stand(&sums[1])],
        [(1, 0, 0, 0), (1, 3, 0, 1)]
    );
    let level = store.pool_level("spring", at(100), at(60)).await.unwrap();
    assert_eq!((level.left, level.aside), (1, 3));
    let mut names = Vec::new();
    for after in ["", "B", "C", "D"] {
        let page = store.codes_found(Sought::Aside("spring", after), 1);
        names.extend(
            page.await
                .unwrap()
                .into_iter()
                .map(|own| (own.code, own.aside)),
        );
    }
    let own = |code: &str| (code.to_owned(), Some(at(60)));
    assert_eq!(names, [own("B"), own("C"), own("D")]);
    let release = Batch {
        codes_released: vec!["C".into(), "D".into()],
        ..Batch::default()
    };
    store.commit(release).await.unwrap();
    assert_eq!(left(store, 0, Share::ALL, 9).await, ["C", "D", "E"]);
    give(store, vec![given("C", "bohdan", 99)]).await.unwrap();
    assert_eq!(store.withdraw_codes("spring", 9).await.unwrap(), 3, "B too");
    let sums = store.pool_sums(at(100), at(60)).await.unwrap();
    assert_eq!(stand(&sums[1]), (0, 0, 0, 2));
}

pub(super) async fn of_an_erased_customer_the_code_stays_given(store: &dyn Store) {
    import(store, vec![new("spring", "A", None)]).await;
    store
        .commit(Batch {
            persons: vec![person("anna").into()],
            codes_given: vec![given("A", "anna", 50)],
            ..Batch::default()
        })
        .await
        .unwrap();
    let rows = |export: kurant_store::Export| {
        let code = export.into_iter().find(|(name, _)| *name == "code");
        code.expect("the table of codes").1
    };
    let told = rows(store.export("anna").await.unwrap());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["code"], "A");
    store
        .commit(Batch {
            erased: vec![Erasure {
                customer: id("anna"),
                at: at(100),
                revision: 1,
                addresses: Vec::new(),
            }],
            ..Batch::default()
        })
        .await
        .unwrap();
    let sought = ["A".to_owned()];
    let found = store.codes_found(Sought::Codes(&sought), 9).await.unwrap();
    let holder = found[0].given.as_ref().expect("nobody else is given it");
    assert_eq!(holder.customer, pseudonym("anna"));
    assert_eq!(rows(store.export("anna").await.unwrap()).len(), 1);
}

pub(super) async fn whoever_left_for_a_reason_is_found(store: &dyn Store) {
    let names = ["a", "b", "c"];
    let rows = names.map(|name| {
        let mut own = ended(name);
        if let Some(ended) = own.ended.as_mut().filter(|_| name != "b") {
            ended.reason = "no_coupon".into();
        }
        EnrollmentRow::of(&id(name), &own)
    });
    store
        .commit(Batch {
            persons: names.map(|name| person(name).into()).to_vec(),
            enrollments: rows.to_vec(),
            ..Batch::default()
        })
        .await
        .unwrap();
    let all = store.turned_away(None, 9).await.unwrap();
    assert_eq!(all, [id("a"), id("c")]);
    let after = store.turned_away(Some("a"), 1).await.unwrap();
    assert_eq!(after, [id("c")]);
}
