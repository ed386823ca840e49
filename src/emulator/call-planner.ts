/** A function that the agent may call. */
export interface FunctionDeclaration {
  readonly name: string;
  /** Whether the conversation continues while the function runs. */
  readonly nonBlocking: boolean;
  readonly description: string;
  /** Whether the agent knows the function's parameters. If not, the agent calls with no arguments. */
  readonly takesArguments: boolean;
  /** Values of each parameter that has a list of them. The agent passes the value that the message contains. Default: none. */
  readonly choices?: ReadonlyMap<string, readonly string[]>;
  /** Parameters that the function needs. Default: none. */
  readonly required?: readonly string[];
}

export interface PlannedCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly nonBlocking: boolean;
}

/** Maximum number of calls for one message. Further functions that the message names are not called. */
const MAX_CALLS = 8;
/** Minimum length of a word of a description by which a function is found, in characters. */
const MIN_WORD = 3;
/** Words of descriptions that say nothing about the function. */
const COMMON_WORDS = new Set(
  `about after again agent all also and any are ask asks been but call called calls can city could current did does each eight find finds five for
  four from function get gets give gives had has have her here him his how into its json let lets like list lists made make makes may more most name
  new nine not now number off one only other our out per please returns say says send sends set seven she should show shows six some such tell tells
  ten text than thank thanks that the their them then there these this those three too tool two use user uses value via want was were what when
  where whether which who why will with without would yes yet you your`.split(/\s+/),
);
/** Endings in which forms of one word differ. */
const ENDING = /(?<=\p{L}{3})(?:ing|ed|s)$/u;

/**
 * Plans calls of the functions whose names the text contains, word by word. A function is left out if another function in the
 * text has all words of its name and more, or if it needs one of several values and the text contains none of them.
 */
export function planCalls(text: string, functions: readonly FunctionDeclaration[]): PlannedCall[] {
  const said = new Set(splitName(removeJson(text)));
  const named = functions.filter(({ name }) => splitName(name).every((word) => said.has(word)));
  const fullest = named.filter(
    (each) =>
      !named.some((other) => other.name !== each.name && isPartOf(splitName(each.name), splitName(other.name))) &&
      hasChosenAll(each, text),
  );
  return fullest.slice(0, MAX_CALLS).map((each) => planCall(each, text));
}

export function planCall(declaration: FunctionDeclaration, text: string): PlannedCall {
  const { name, nonBlocking, takesArguments } = declaration;
  return {
    name,
    args: takesArguments ? { ...chooseValues(declaration, text), ...readArguments(text) } : {},
    nonBlocking,
  };
}

/** Chooses the arguments whose values the message contains. */
function chooseValues({ choices = new Map() }: FunctionDeclaration, text: string): PlannedCall['args'] {
  const words = text.toLowerCase();
  const chosen = [...choices].map(([name, values]) => [
    name,
    values.find((value) => words.includes(value.toLowerCase())),
  ]);
  return Object.fromEntries(chosen.filter(([, value]) => value !== undefined));
}

/** Whether the message has a value for each parameter that needs one of a list. */
function hasChosenAll(declaration: FunctionDeclaration, text: string): boolean {
  const { required = [], choices = new Map() } = declaration;
  const given = { ...chooseValues(declaration, text), ...readArguments(text) };
  return required.every((name) => !choices.has(name) || name in given);
}

function isPartOf(some: readonly string[], more: readonly string[]): boolean {
  return some.length < more.length && some.every((word) => more.includes(word));
}

export function splitName(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** Finds the function whose description has the most words of the message. */
export function findDescribed(
  words: string,
  functions: readonly FunctionDeclaration[],
): FunctionDeclaration | undefined {
  const said = listTellingWords(words);
  let best: FunctionDeclaration | undefined;
  let most = 0;
  for (const each of functions) {
    const shared = [...listTellingWords(each.description)].filter((word) => said.has(word)).length;
    if (shared > most) [best, most] = [each, shared];
  }
  return best;
}

/**
 * Finds the function that takes one of several values, and the value that the instruction describes with most words of the message. The description of a
 * value is a line such as `- billing: Answers questions on bills.`
 */
export function planDescribedChoice(
  words: string,
  functions: readonly FunctionDeclaration[],
  instruction: string,
): PlannedCall | undefined {
  const said = listTellingWords(words);
  const described = [...instruction.matchAll(/^- (\S+): (.+)$/gm)].map(([, value = '', text = '']) => ({
    value,
    shared: [...listTellingWords(text)].filter((word) => said.has(word)).length,
  }));
  const [best] = described.filter(({ shared }) => shared > 0).sort((one, other) => other.shared - one.shared);
  if (!best) return undefined;
  for (const { name, nonBlocking, choices = new Map<string, readonly string[]>() } of functions) {
    for (const [parameter, values] of choices) {
      if (values.includes(best.value)) return { name, nonBlocking, args: { [parameter]: best.value } };
    }
  }
  return undefined;
}

/** Lists the words of a text that may name what a function does, without their endings: "rolls" and "rolling" are "roll". */
function listTellingWords(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().split(/[^\p{L}]+/u);
  const telling = words.filter((word) => word.length >= MIN_WORD && !COMMON_WORDS.has(word));
  return new Set(telling.map((word) => word.replace(ENDING, '')));
}

export function findClock(functions: readonly FunctionDeclaration[]): FunctionDeclaration | undefined {
  return (
    functions.find(({ name }) => name === 'current_time') ??
    functions.find(({ name }) => splitName(name).includes('time') && splitName(name).length <= 3)
  );
}

export function readArguments(text: string): Record<string, unknown> {
  const json = findJson(text);
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function findJson(text: string): string | undefined {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  return start >= 0 && end > start ? text.slice(start, end + 1) : undefined;
}

function removeJson(text: string): string {
  const json = findJson(text);
  return json === undefined ? text : text.replace(json, ' ');
}
