import { invalid } from './gemini-refusal.ts';
import { isJsonObject, readList, readString } from './json-object.ts';

export interface GeminiTools {
  readonly functions: readonly FunctionDeclaration[];
  readonly canSearch: boolean;
}

export interface FunctionDeclaration {
  readonly name: string;
  /** Declared NON_BLOCKING: the conversation goes on while it runs. */
  readonly nonBlocking: boolean;
}

/** Gemini's limit (the SDK's declaration of FunctionDeclaration.name says it in words). */
const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const MAX_FUNCTIONS = 512;

/** @throws {GeminiRefusal} 1007 for a function without a proper name, or declared twice */
export function readTools(value: unknown, path: string): GeminiTools {
  const functions = new Map<string, FunctionDeclaration>();
  let canSearch = false;
  readList(value, path).forEach((tool, toolIndex) => {
    const at = `${path}[${toolIndex}]`;
    if (!isJsonObject(tool)) throw invalid(`Invalid value at '${at}' (type.googleapis.com/Tool)`);
    if (isJsonObject(tool.googleSearch ?? tool.google_search ?? tool.googleSearchRetrieval)) canSearch = true;
    const declarations = readList(
      tool.functionDeclarations ?? tool.function_declarations,
      `${at}.function_declarations`,
    );
    declarations.forEach((declaration, index) => {
      const where = `${at}.function_declarations[${index}]`;
      if (!isJsonObject(declaration))
        throw invalid(`Invalid value at '${where}' (type.googleapis.com/FunctionDeclaration)`);
      const name = readString(declaration.name, `${where}.name`) ?? '';
      if (!FUNCTION_NAME.test(name)) {
        throw invalid(
          `Invalid function name at '${where}'. Must start with a letter or an underscore. Must be alphanumeric, underscores, dots, colons or dashes.`,
        );
      }
      if (functions.has(name)) throw invalid(`Duplicate function declaration found: ${name}`);
      functions.set(name, { name, nonBlocking: declaration.behavior === 'NON_BLOCKING' });
    });
  });
  if (functions.size > MAX_FUNCTIONS) throw invalid(`At most ${MAX_FUNCTIONS} function declarations are allowed.`);
  return { functions: [...functions.values()], canSearch };
}
