/**
 * How often a race or a fault is repeated. What depends on chance is repeated a little in every run and often by hand:
 * `CHODAE_TEST_ROUNDS=50 npm run test:postgres -- races`.
 * @param normal rounds where `CHODAE_TEST_ROUNDS` says nothing.
 */
export function testRounds(normal: number): number {
  const wanted = process.env.CHODAE_TEST_ROUNDS;
  if (!wanted) return normal;
  if (!/^[1-9]\d*$/.test(wanted)) throw new Error(`CHODAE_TEST_ROUNDS is ${wanted}; write a whole number.`);
  return Number(wanted);
}
