/** Seconds. Far more than anything takes, even on a busy machine: longer means a hang. */
const limit = 30;

/**
 * @returns what the work gives.
 * @throws Error if it hangs.
 */
export async function inTime<T>(work: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit} s`)), limit * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
