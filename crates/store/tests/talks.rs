//! Talks are who had them's own, and bounded.

use berth_domain::{Role, TalkId, Timestamp, UserName};
use berth_store::Store;

#[tokio::test]
async fn a_talk_is_its_persons_own_and_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("berth.db")).await.unwrap();
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let (ana, bo) = (UserName::from("ana"), UserName::from("bo"));
    for user in [&ana, &bo] {
        store.ensure_user(user, Role::Member, at(1)).await.unwrap();
    }
    let first = store.begin_talk(&ana, "What runs?", at(1)).await.unwrap();
    let second = store.begin_talk(&ana, "And now?", at(2)).await.unwrap();
    assert!(
        store
            .say(first, true, ("What runs?", "[]"), at(3))
            .await
            .unwrap()
    );
    assert!(
        store
            .say(first, false, ("Job 17.", "[]"), at(4))
            .await
            .unwrap()
    );
    let talks = store.talks(&ana).await.unwrap();
    let ids: Vec<TalkId> = talks.iter().map(|talk| talk.id).collect();
    assert_eq!(ids, [first, second], "the last one first");
    assert_eq!((talks[0].messages, talks[0].said), (2, at(4)));
    let messages = store.talk_messages(first, 10).await.unwrap();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].by_person && !messages[1].by_person);
    assert_eq!(
        (messages[1].number, messages[1].text.as_str()),
        (2, "Job 17.")
    );
    let last = store.talk_messages(first, 1).await.unwrap();
    assert_eq!(last, messages[1..]);
    // Nobody else sees it or makes it go.
    assert_eq!(store.talk(&bo, first).await.unwrap(), None);
    assert!(store.talks(&bo).await.unwrap().is_empty());
    assert!(!store.forget_talk(&bo, first).await.unwrap());
    assert!(store.forget_talk(&ana, first).await.unwrap());
    assert_eq!(store.talk_messages(first, 10).await.unwrap(), []);
    assert!(
        !store
            .say(first, false, ("Late.", "[]"), at(5))
            .await
            .unwrap()
    );
    // Its number is not given again.
    let third = store.begin_talk(&ana, "x", at(6)).await.unwrap();
    assert!(third > second);
    for number in 0..210 {
        store.begin_talk(&ana, "x", at(7 + number)).await.unwrap();
    }
    assert_eq!(store.talks(&ana).await.unwrap().len(), 200);
    for number in 0..410 {
        let text = format!("{number}");
        let newest = store.talks(&ana).await.unwrap()[0].id;
        store
            .say(newest, true, (&text, "[]"), at(1000 + number))
            .await
            .unwrap();
    }
    let newest = &store.talks(&ana).await.unwrap()[0];
    assert_eq!(newest.messages, 400);
}
