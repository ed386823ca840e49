/** A row of the result. */
export interface Row {
  readonly what: string;
  /** Values of each round: ours, and that of the comparison. */
  readonly pairs: readonly (readonly [ours: number, other: number])[];
  readonly other: string;
  readonly unit: string;
  /** The largest ratio that is well. */
  readonly budget: number;
}

/** Lines of the row that is being measured. */
let lines: string[] = [];

/** Prints a line of the result. */
export function print(line: string): void {
  lines.push(line);
  console.log(line);
}

/** Returns the lines since the last call. */
export function takeLines(): string[] {
  const taken = lines;
  lines = [];
  return taken;
}

export function report({ what, pairs, other, unit, budget }: Row): void {
  const ours = median(pairs.map((pair) => pair[0]));
  const others = median(pairs.map((pair) => pair[1]));
  const ratios = pairs.map(([one, two]) => one / two);
  const ratio = median(ratios);
  print(
    `${what}: ours ${ours.toFixed(1)} ${unit}, ${other} ${others.toFixed(1)} ${unit}: ` +
      `${ratio.toFixed(2)}×${range(ratios, 2)}, ${verdict(ratio, budget)} ${budget}×`,
  );
}

/** Time for which ours and the other run before they are measured, in ms. V8 compiles their code meanwhile, in threads that would count. */
const WARM_UP_MS = 10_000;

/** Takes ours and the other in turn, so that both see the same moods of the machine. */
export async function inTurn(
  what: string,
  rounds: number,
  ours: () => Promise<number>,
  other: () => Promise<number>,
): Promise<[ours: number, other: number][]> {
  const warmedUpAt = performance.now() + WARM_UP_MS;
  do {
    await other();
    await ours();
  } while (performance.now() < warmedUpAt);
  const pairs: [number, number][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = round % 2 === 0 ? await ours() : undefined;
    const others = await other();
    const own = before ?? (await ours());
    pairs.push([own, others]);
    process.stderr.write(`  ${what} ${round}/${rounds}: ${(own / others).toFixed(2)}     \r`);
  }
  return pairs;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Empty for a single value. */
export function range(values: readonly number[], digits: number): string {
  if (values.length < 2) return '';
  return ` (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

export function verdict(value: number, budget: number): string {
  return `${value <= budget ? 'within' : 'over'} the budget of`;
}
