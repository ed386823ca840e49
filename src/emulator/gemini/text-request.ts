import { isJsonObject, type JsonObject } from '../json-object.ts';
import { readList, readMessage, readNumber, readString } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';
import { GENERATION_FIELDS } from './setup.ts';

/** What the emulator acts on of a GenerateContentRequest. */
export interface TextModelRequest {
  readonly instruction: string;
  /** Text of the last content. */
  readonly text: string;
  /** Texts of all contents. */
  readonly prompt: string;
  readonly maxOutputTokens: number | undefined;
}

/** @see https://ai.google.dev/api/generate-content#request-body */
const REQUEST_FIELDS = new Set([
  'model',
  'contents',
  'tools',
  'toolConfig',
  'safetySettings',
  'systemInstruction',
  'generationConfig',
  'cachedContent',
  'labels',
  'serviceTier',
  'store',
]);
const CONTENT_FIELDS = new Set(['role', 'parts']);
/** Fields of a part that have its data: one is set. @see https://ai.google.dev/api/caching#Part */
const DATA_FIELDS = [
  'text',
  'inlineData',
  'functionCall',
  'functionResponse',
  'fileData',
  'executableCode',
  'codeExecutionResult',
];
const PART_FIELDS = new Set([
  ...DATA_FIELDS,
  'thought',
  'thoughtSignature',
  'partMetadata',
  'videoMetadata',
  'mediaResolution',
]);
/** Maximum of `maxOutputTokens` of today's models. @see https://ai.google.dev/gemini-api/docs/models */
const MAX_OUTPUT_TOKENS = 65_536;

/**
 * Reads and validates the body of a request for a text.
 * @throws {GeminiRefusal} with the code of an invalid argument and Google's text for the mistake
 */
export function readTextRequest(body: string): TextModelRequest {
  const request = readMessage(parseBody(body), '', REQUEST_FIELDS);
  const contents = readList(request.contents, 'contents');
  // langchain-google#1393, js-genai#912
  if (contents.length === 0) throw createFieldError('contents: contents is not specified');
  const read = contents.map((content, index) => readTextContent(content, `contents[${index}]`));
  const last = read.at(-1);
  if (last?.role === 'model') {
    throw invalidArgument('Please ensure that single turn requests end with a user role or the role field is empty.');
  }
  const { systemInstruction } = request;
  const instruction =
    systemInstruction === undefined ? '' : readTextContent(systemInstruction, 'system_instruction').text;
  return {
    instruction,
    text: last?.text ?? '',
    prompt: instruction + read.map(({ text }) => text).join(''),
    maxOutputTokens: readLimit(request),
  };
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw invalidArgument('Invalid JSON payload received. Unexpected token.');
  }
}

function readTextContent(value: unknown, path: string): { readonly role: string; readonly text: string } {
  const content = readMessage(value, path, CONTENT_FIELDS);
  const role = readString(content.role, `${path}.role`) || 'user';
  const isInstruction = path === 'system_instruction';
  if (!isInstruction && role !== 'user' && role !== 'model') {
    throw invalidArgument('Please use a valid role: user, model.');
  }
  const parts = readList(content.parts, `${path}.parts`);
  // vercel/ai#3775
  if (parts.length === 0) throw createFieldError(`${path}.parts: contents.parts must not be empty.`);
  const texts = parts.map((part, index) => readTextPart(part, `${path}.parts[${index}]`));
  return { role, text: texts.join('') };
}

function readTextPart(value: unknown, path: string): string {
  if (!isJsonObject(value)) throw invalidArgument(`Invalid value at '${path}' (type.googleapis.com/Part)`);
  const part = readMessage(value, path, PART_FIELDS);
  const data = DATA_FIELDS.filter((name) => part[name] !== undefined && part[name] !== '');
  if (data.length === 0) {
    throw createFieldError(`${path}.data: required oneof field 'data' must have one initialized field`);
  }
  if (data.length > 1) throw invalidArgument(`Invalid value at '${path}' (oneof), oneof field 'data' is already set.`);
  return readString(part.text, `${path}.text`) ?? '';
}

function readLimit({ generationConfig }: JsonObject): number | undefined {
  const config = readMessage(generationConfig ?? {}, 'generation_config', GENERATION_FIELDS);
  const limit = readNumber(config.maxOutputTokens, 'generation_config.max_output_tokens');
  if (limit === undefined || (limit >= 1 && limit <= MAX_OUTPUT_TOKENS)) return limit;
  throw invalidArgument(
    `Unable to submit request because it has a maxOutputTokens value of ${limit} but the supported range is from 1 (inclusive) to ${MAX_OUTPUT_TOKENS + 1} (exclusive).`,
  );
}

/** Creates the refusal of a message that the parser accepts and the model does not. */
function createFieldError(text: string) {
  return invalidArgument(`* GenerateContentRequest.${text}\n`);
}
