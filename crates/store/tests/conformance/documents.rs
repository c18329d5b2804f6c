//! Small documents.

use medward_monitor::{Documents, StoreError};
use serde_json::json;

use crate::Home;
use crate::fixtures::at;

pub async fn documents_have_versions_and_expire(home: Home) {
    let store = &home.database;
    assert_eq!(
        store.put_document("place", "b", &json!({"name": "ICU"}), Some(0), None, at(0)).await.unwrap(),
        1
    );
    assert_eq!(
        store.put_document("place", "b", &json!({"name": "ICU 2"}), Some(1), None, at(1)).await.unwrap(),
        2
    );
    let told = store.put_document("place", "b", &json!({}), Some(1), None, at(2)).await.unwrap_err();
    assert!(matches!(told, StoreError::Conflict { expected: 1, found: 2 }), "{told}");
    store.put_document("place", "a", &json!([1, null]), None, Some(at(10)), at(0)).await.unwrap();
    assert_eq!(store.documents("place", at(9)).await.unwrap().len(), 2);
    let left = store.documents("place", at(10)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].body.clone(), left[0].version, left[0].changed),
        (json!({"name": "ICU 2"}), 2, at(1))
    );
    assert!(store.document("place", "a", at(10)).await.unwrap().is_none());
    // What has expired counts as none.
    assert_eq!(store.put_document("place", "a", &json!(1), Some(0), Some(at(20)), at(11)).await.unwrap(), 1);
    assert_eq!(store.expire_documents(at(20)).await.unwrap(), 1);
    assert!(store.delete_document("place", "b").await.unwrap());
    assert!(!store.delete_document("place", "b").await.unwrap());
}

pub async fn of_two_who_write_at_once_one_is_refused(home: Home) {
    let store = std::sync::Arc::new(home.database);
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store.put_document("code", "x", &json!(number), Some(0), None, at(0)).await
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += u32::from(task.await.unwrap().is_ok());
    }
    assert_eq!(taken, 1);
}
