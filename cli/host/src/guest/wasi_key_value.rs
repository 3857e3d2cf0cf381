//! `wasi:keyvalue`: the same stores, one call at a time, with counters and compare-and-swap.

use wasmtime::component::Resource;

use super::key_value::{delete, get, set};
use super::{Guest, OpenStore, OpenSwap};
use crate::bindings::spin::key_value::key_value as spin;
use crate::bindings::wasi::keyvalue::{atomics, batch, store};
use crate::key_value::{Change, Changed, Key, KeyValueError, MAX_PAGE, Value};
use store::{Error, KeyResponse};

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl From<KeyValueError> for Error {
    fn from(error: KeyValueError) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<spin::Error> for Error {
    fn from(error: spin::Error) -> Self {
        match error {
            spin::Error::AccessDenied => Self::AccessDenied,
            spin::Error::NoSuchStore => Self::NoSuchStore,
            spin::Error::Other(reason) => Self::Other(reason),
            spin::Error::StoreTableFull => Self::Other("too many open stores".to_owned()),
        }
    }
}

/// An answer that does not fit the question; only a faulty store gives it.
fn misanswered() -> KeyValueError {
    KeyValueError::Failed("it answered another question".to_owned())
}

impl store::Host for &mut Guest {
    async fn open(&mut self, identifier: String) -> Answer<Resource<OpenStore>> {
        Ok(Guest::open(self, &identifier)?.map_err(Error::from))
    }
}

impl store::HostBucket for &mut Guest {
    async fn get(&mut self, bucket: Resource<OpenStore>, key: String) -> Answer<Option<Vec<u8>>> {
        let (store, label) = self.store(&bucket)?;
        Ok(get(&*store, &label, key).await.map_err(Error::from))
    }

    async fn set(&mut self, bucket: Resource<OpenStore>, key: String, value: Vec<u8>) -> Answer<()> {
        let (store, label) = self.store(&bucket)?;
        Ok(set(&*store, &label, key, value).await.map_err(Error::from))
    }

    async fn delete(&mut self, bucket: Resource<OpenStore>, key: String) -> Answer<()> {
        let (store, label) = self.store(&bucket)?;
        Ok(delete(&*store, &label, key).await.map_err(Error::from))
    }

    async fn exists(&mut self, bucket: Resource<OpenStore>, key: String) -> Answer<bool> {
        let (store, label) = self.store(&bucket)?;
        Ok(get(&*store, &label, key).await.map(|value| value.is_some()).map_err(Error::from))
    }

    /// One page; the cursor is its last key, unless it is the last page.
    async fn list_keys(
        &mut self,
        bucket: Resource<OpenStore>,
        cursor: Option<String>,
    ) -> Answer<KeyResponse> {
        let (store, label) = self.store(&bucket)?;
        let page = async {
            let after = cursor.map(Key::try_from).transpose()?;
            store.keys(&label, after).await
        };
        Ok(page.await.map_err(Error::from).map(|keys| KeyResponse {
            cursor: keys.get(MAX_PAGE - 1).map(|key| key.as_str().to_owned()),
            keys: keys.into_iter().map(Key::into_string).collect(),
        }))
    }

    async fn drop(&mut self, bucket: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.close(bucket)
    }
}

impl atomics::Host for &mut Guest {
    async fn increment(&mut self, bucket: Resource<OpenStore>, key: String, delta: i64) -> Answer<i64> {
        let (store, label) = self.store(&bucket)?;
        let counter = async {
            match store.change(&label, Change::Increment(key.try_into()?, delta)).await? {
                Changed::Counter(counter) => Ok(counter),
                Changed::Done | Changed::Swapped(_) => Err(misanswered()),
            }
        };
        Ok(counter.await.map_err(Error::from))
    }

    async fn swap(
        &mut self,
        handle: Resource<OpenSwap>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let OpenSwap { label, key, seen } = self.table.delete(handle)?;
        let store = std::sync::Arc::clone(&self.component.key_value);
        let swapped = async {
            let value = Value::try_from(value)?;
            let change = Change::Swap { key: key.clone(), expected: seen, value };
            match store.change(&label, change).await? {
                Changed::Swapped(true) => Ok(None),
                Changed::Swapped(false) => Ok(Some(get(&*store, &label, key.as_str().to_owned()).await?)),
                Changed::Counter(_) | Changed::Done => Err(misanswered()),
            }
        };
        Ok(match swapped.await {
            Ok(None) => Ok(()),
            Ok(Some(seen)) => {
                Err(atomics::CasError::CasFailed(self.table.push(OpenSwap { label, key, seen })?))
            }
            Err(error) => Err(atomics::CasError::StoreError(error.into())),
        })
    }
}

impl atomics::HostCas for &mut Guest {
    async fn new(&mut self, bucket: Resource<OpenStore>, key: String) -> Answer<Resource<OpenSwap>> {
        let (store, label) = self.store(&bucket)?;
        let seen = async {
            let key = Key::try_from(key)?;
            let seen = get(&*store, &label, key.as_str().to_owned()).await?;
            Ok::<_, KeyValueError>((key, seen))
        };
        Ok(match seen.await {
            Ok((key, seen)) => Ok(self.table.push(OpenSwap { label, key, seen })?),
            Err(error) => Err(error.into()),
        })
    }

    /// Reads again: what this returns is what a swap expects.
    async fn current(&mut self, handle: Resource<OpenSwap>) -> Answer<Option<Vec<u8>>> {
        let swap = self.table.get(&handle)?;
        let (label, key) = (std::sync::Arc::clone(&swap.label), swap.key.as_str().to_owned());
        let store = std::sync::Arc::clone(&self.component.key_value);
        match get(&*store, &label, key).await {
            Ok(seen) => {
                self.table.get_mut(&handle)?.seen.clone_from(&seen);
                Ok(Ok(seen))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn drop(&mut self, handle: Resource<OpenSwap>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl batch::Host for &mut Guest {
    async fn get_many(
        &mut self,
        bucket: Resource<OpenStore>,
        keys: Vec<String>,
    ) -> Answer<Vec<(String, Option<Vec<u8>>)>> {
        let (store, label) = self.store(&bucket)?;
        let pairs = async {
            let checked = keys.iter().cloned().map(Key::try_from).collect::<Result<_, _>>()?;
            Ok::<_, KeyValueError>(keys.into_iter().zip(store.get(&label, checked).await?).collect())
        };
        Ok(pairs.await.map_err(Error::from))
    }

    async fn set_many(&mut self, bucket: Resource<OpenStore>, pairs: Vec<(String, Vec<u8>)>) -> Answer<()> {
        let (store, label) = self.store(&bucket)?;
        let done = async {
            let pairs = pairs
                .into_iter()
                .map(|(key, value)| Ok((Key::try_from(key)?, Value::try_from(value)?)))
                .collect::<Result<_, KeyValueError>>()?;
            store.change(&label, Change::Set(pairs)).await.map(drop)
        };
        Ok(done.await.map_err(Error::from))
    }

    async fn delete_many(&mut self, bucket: Resource<OpenStore>, keys: Vec<String>) -> Answer<()> {
        let (store, label) = self.store(&bucket)?;
        let done = async {
            let keys = keys.into_iter().map(Key::try_from).collect::<Result<_, _>>()?;
            store.change(&label, Change::Delete(keys)).await.map(drop)
        };
        Ok(done.await.map_err(Error::from))
    }
}
