export interface Disposables extends AsyncDisposable {
  /** @returns what it was given. */
  use<T extends AsyncDisposable>(disposable: T): T;
}

/** Disposes of what it was given, the last first. The language's own AsyncDisposableStack needs Node 24. */
export function disposables(): Disposables {
  const all: AsyncDisposable[] = [];
  return {
    use(disposable) {
      all.push(disposable);
      return disposable;
    },
    async [Symbol.asyncDispose]() {
      for (const disposable of all.reverse()) await disposable[Symbol.asyncDispose]();
    },
  };
}
