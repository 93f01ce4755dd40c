import { Problem } from '../../../problems.ts';
import { bulkProblems } from '../problems.ts';

/** Files that may arrive, be judged and wait in a process at a time: each takes up to 64 MiB of the temporary folder. */
const filesAtOnce = 4;
/** Of one operator, so that a slow line, or bad will, leaves places to others. */
const filesOfOne = 2;

export interface UploadPlaces {
  /** How many are taken. */
  readonly taken: number;
  /** @param operator the id of the key; null: at the machine itself. @throws Problem `import_busy` where there are too many. */
  take(operator: number | null): Disposable;
}

export function openUploadPlaces(): UploadPlaces {
  const taken = new Map<number | null, number>();
  const all = () => [...taken.values()].reduce((sum, files) => sum + files, 0);
  return {
    get taken() {
      return all();
    },
    take(operator) {
      const own = taken.get(operator) ?? 0;
      if (own >= filesOfOne || all() >= filesAtOnce) throw new Problem(bulkProblems.import_busy);
      taken.set(operator, own + 1);
      return {
        [Symbol.dispose]() {
          const left = (taken.get(operator) ?? 1) - 1;
          if (left === 0) taken.delete(operator);
          else taken.set(operator, left);
        },
      };
    },
  };
}
