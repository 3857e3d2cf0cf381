//! `spin:key-value` and `spin:variables`: asynchronous, so that an instance goes on with its other requests.

use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::keys::Keys;
use super::{Guest, HasGuest, MAX_OPEN_STORES, OpenStore};
use crate::bindings::spin::key_value::key_value::{self, Error, HostStore, HostStoreWithStore};
use crate::bindings::spin::variables::variables;
use crate::key_value::{Change, Key, KeyValue, KeyValueError, Value};
use crate::variables::check_name;

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl From<KeyValueError> for Error {
    fn from(error: KeyValueError) -> Self {
        Self::Other(error.to_string())
    }
}

impl key_value::Host for &mut Guest {}

impl HostStore for &mut Guest {
    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.close(store)
    }
}

impl Guest {
    /// Opens `label`, if the component may use it and has not too many stores open.
    pub(super) fn open(&mut self, label: &str) -> wasmtime::Result<Result<Resource<OpenStore>, Error>> {
        if !self.component.stores.contains(label) {
            return Ok(Err(Error::AccessDenied));
        }
        if self.open_stores >= MAX_OPEN_STORES {
            return Ok(Err(Error::StoreTableFull));
        }
        let store = self.table.push(OpenStore { label: label.into() })?;
        self.open_stores += 1;
        Ok(Ok(store))
    }

    pub(super) fn close(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        self.open_stores = self.open_stores.saturating_sub(1);
        Ok(())
    }

    /// The store behind a handle, and the label to use there.
    pub(super) fn store(
        &self,
        store: &Resource<OpenStore>,
    ) -> wasmtime::Result<(Arc<dyn KeyValue>, Arc<str>)> {
        let label = Arc::clone(&self.table.get(store)?.label);
        Ok((Arc::clone(&self.component.key_value), label))
    }
}

fn store<T>(
    accessor: &Accessor<T, HasGuest>,
    store: &Resource<OpenStore>,
) -> wasmtime::Result<(Arc<dyn KeyValue>, Arc<str>)> {
    accessor.with(|mut access| access.get().store(store))
}

/// The value of `key`.
pub(super) async fn get(
    store: &dyn KeyValue,
    label: &str,
    key: String,
) -> Result<Option<Vec<u8>>, KeyValueError> {
    let values = store.get(label, vec![key.try_into()?]).await?;
    Ok(values.into_iter().next().flatten())
}

/// Sets `key` to `value`.
pub(super) async fn set(
    store: &dyn KeyValue,
    label: &str,
    key: String,
    value: Vec<u8>,
) -> Result<(), KeyValueError> {
    let pair = (Key::try_from(key)?, Value::try_from(value)?);
    store.change(label, Change::Set(vec![pair])).await.map(drop)
}

/// Removes `key`.
pub(super) async fn delete(store: &dyn KeyValue, label: &str, key: String) -> Result<(), KeyValueError> {
    store.change(label, Change::Delete(vec![key.try_into()?])).await.map(drop)
}

impl<T: Send> HostStoreWithStore<T> for HasGuest {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Answer<Resource<OpenStore>> {
        accessor.with(|mut access| access.get().open(&label))
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenStore>,
        key: String,
    ) -> Answer<Option<Vec<u8>>> {
        let (store, label) = store(accessor, &handle)?;
        Ok(get(&*store, &label, key).await.map_err(Error::from))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Answer<()> {
        let (store, label) = store(accessor, &handle)?;
        Ok(set(&*store, &label, key, value).await.map_err(Error::from))
    }

    async fn delete(accessor: &Accessor<T, Self>, handle: Resource<OpenStore>, key: String) -> Answer<()> {
        let (store, label) = store(accessor, &handle)?;
        Ok(delete(&*store, &label, key).await.map_err(Error::from))
    }

    async fn exists(accessor: &Accessor<T, Self>, handle: Resource<OpenStore>, key: String) -> Answer<bool> {
        let (store, label) = store(accessor, &handle)?;
        Ok(get(&*store, &label, key).await.map(|value| value.is_some()).map_err(Error::from))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenStore>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (store, label) = store(accessor, &handle)?;
        let (keys, end) = Keys::new(store, label);
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let end = FutureReader::new(&mut access, end)?;
            Ok((keys, end))
        })
    }
}

impl variables::Host for &mut Guest {}

impl<T: Send> variables::HostWithStore<T> for HasGuest {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, variables::Error>> {
        if let Err(invalid) = check_name(&name) {
            return Ok(Err(variables::Error::InvalidName(invalid.to_string())));
        }
        Ok(accessor.with(|mut access| {
            let value = access.get().component.variables.get(&name).map(str::to_owned);
            value
                .ok_or_else(|| variables::Error::Undefined(format!("the component has no variable `{name}`")))
        }))
    }
}
