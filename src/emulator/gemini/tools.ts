import type { FunctionDeclaration } from '../call-planner.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import type { GeminiFamily } from './family.ts';
import { readList, readString } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';

export interface GeminiTools {
  readonly functions: readonly FunctionDeclaration[];
  readonly canSearch: boolean;
}

/** Gemini's rule for function names. @see FunctionDeclaration.name in @google/genai */
const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const MAX_FUNCTIONS = 512;

/**
 * Reads the tools of a setup or of a context update.
 * @throws {GeminiRefusal} 1007 for an invalid or repeated function name, for too many functions, or for a declaration that the family refuses
 */
export function readTools(value: unknown, path: string, family: GeminiFamily): GeminiTools {
  const functions = new Map<string, FunctionDeclaration>();
  let canSearch = false;
  readList(value, path).forEach((tool, toolIndex) => {
    const at = `${path}[${toolIndex}]`;
    if (!isJsonObject(tool)) throw invalidArgument(`Invalid value at '${at}' (type.googleapis.com/Tool)`);
    if (isJsonObject(tool.googleSearch ?? tool.google_search ?? tool.googleSearchRetrieval)) canSearch = true;
    const declarations = readList(
      tool.functionDeclarations ?? tool.function_declarations,
      `${at}.function_declarations`,
    );
    declarations.forEach((declaration, index) => {
      const where = `${at}.function_declarations[${index}]`;
      if (!isJsonObject(declaration))
        throw invalidArgument(`Invalid value at '${where}' (type.googleapis.com/FunctionDeclaration)`);
      const name = readString(declaration.name, `${where}.name`) ?? '';
      if (!FUNCTION_NAME.test(name)) {
        throw invalidArgument(
          `Invalid function name at '${where}'. Must start with a letter or an underscore. Must be alphanumeric, underscores, dots, colons or dashes.`,
        );
      }
      if (functions.has(name)) throw invalidArgument(`Duplicate function declaration found: ${name}`);
      checkDeclaration(declaration, where, family);
      functions.set(name, {
        name,
        description: readString(declaration.description, `${where}.description`) ?? '',
        nonBlocking: declaration.behavior === 'NON_BLOCKING' && family.nonBlocking !== 'ignored',
        takesArguments: hasReadableParameters(declaration, family),
        choices: readChoices(declaration),
        required: readRequired(declaration),
      });
    });
  });
  if (functions.size > MAX_FUNCTIONS)
    throw invalidArgument(`At most ${MAX_FUNCTIONS} function declarations are allowed.`);
  return { functions: [...functions.values()], canSearch };
}

function checkDeclaration(declaration: JsonObject, where: string, family: GeminiFamily): void {
  if (family.refusesAdditionalProperties && hasKey(declaration.parameters, 'additionalProperties')) {
    throw invalidArgument(
      `Invalid JSON payload received. Unknown name "additional_properties" at '${where}.parameters': Cannot find field.`,
    );
  }
  if (!family.refusesScheduling) return;
  if (declaration.behavior === undefined) throw invalidArgument(`${where}.behavior must be specified.`);
  if (declaration.behavior !== 'NON_BLOCKING')
    throw invalidArgument('BLOCKING function calls are not supported for this model.');
}

/** Returns whether the model sees the parameters of a function. A model that does not calls with `{}`. */
function hasReadableParameters({ parameters, parametersJsonSchema }: JsonObject, family: GeminiFamily): boolean {
  return isJsonObject(parameters) || (family.readsJsonSchema && isJsonObject(parametersJsonSchema));
}

/** Reads the values of the parameters that are enumerations of texts. */
function readChoices({ parameters, parametersJsonSchema }: JsonObject): ReadonlyMap<string, readonly string[]> {
  const schema = isJsonObject(parameters) ? parameters : parametersJsonSchema;
  const choices = new Map<string, readonly string[]>();
  if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return choices;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!isJsonObject(property) || !Array.isArray(property.enum)) continue;
    choices.set(
      name,
      property.enum.filter((value) => typeof value === 'string' && value !== ''),
    );
  }
  return choices;
}

/** Reads the names of the parameters that the function needs. */
function readRequired({ parameters, parametersJsonSchema }: JsonObject): readonly string[] {
  const schema = isJsonObject(parameters) ? parameters : parametersJsonSchema;
  if (!isJsonObject(schema) || !Array.isArray(schema.required)) return [];
  return schema.required.filter((name) => typeof name === 'string');
}

/** Returns whether an object has a key, at any depth. */
function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name === key || hasKey(inner, key));
}
