/** Web storage that may be switched off or full: what cannot be stored is kept in memory, until the page is closed. */
export interface Kept {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

function keptIn(storage: () => Storage): Kept {
  const memory = new Map<string, string>();
  return {
    read(key) {
      try {
        return storage().getItem(key) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    write(key, value) {
      memory.delete(key);
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        if (value !== null) memory.set(key, value);
      }
    },
  };
}

export const inBrowser = keptIn(() => localStorage);
export const inTab = keptIn(() => sessionStorage);
