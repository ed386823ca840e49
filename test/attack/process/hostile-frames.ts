/** Frames of a provider, or of something between the server and its provider, that no provider should send. */

/** A frame as text or bytes, or the end of the connection. */
export type HostileFrame = string | Buffer | { readonly code: number; readonly reason: string };

/** Texts that must never reach a client or a log in the clear. The reports of attacks search for them. */
export const SECRETS = {
  bearer: 'ya29.SecretBearerTokenOfTheProvider',
  project: 'projects/secret-project-4711',
};

const KILOBYTE = 1_024;
const MEGABYTE = KILOBYTE * KILOBYTE;

export const hostileFrames: Record<string, () => Iterable<HostileFrame>> = {
  *interrupted() {
    yield* repeat(20_000, JSON.stringify({ serverContent: { interrupted: true } }));
    yield endOfTurn;
  },
  *turns() {
    yield* repeat(20_000, JSON.stringify({ serverContent: { generationComplete: true, turnComplete: true } }));
  },
  *words() {
    yield* repeat(50_000, JSON.stringify({ serverContent: { outputTranscription: { text: 'a ' } } }));
    yield endOfTurn;
  },
  *'one-text'() {
    yield content({ text: 'x'.repeat(8 * MEGABYTE) });
    yield endOfTurn;
  },
  *'grounding-spaces'() {
    const groundingChunks = Array.from({ length: 3_500 }, (_, index) => ({
      web: { uri: `https://${'a'.repeat(2_000)}${index} `, title: 'x' },
    }));
    yield JSON.stringify({ serverContent: { groundingMetadata: { groundingChunks } } });
    yield endOfTurn;
  },
  *'many-sources'() {
    const groundingChunks = Array.from({ length: 50_000 }, (_, index) => ({
      web: { uri: `https://example.com/${index}`, title: `${index}` },
    }));
    yield JSON.stringify({ serverContent: { groundingMetadata: { groundingChunks } } });
    yield endOfTurn;
  },
  *'control-characters'() {
    for (const data of ['AA\u0000A', 'AA\u001fA', 'AA\u0007\u0008A=', 'A\u2028A', '\ud800AAA']) {
      yield content({ inlineData: { mimeType: 'audio/pcm;rate=24000', data } });
    }
    yield endOfTurn;
  },
  *shapes() {
    for (const value of ['null', '[]', '7', '""', 'true', '{"a":1}', '[null]', '[[[]]]', '{"__proto__":{"x":1}}']) {
      for (const field of [
        'serverContent',
        'toolCall',
        'toolCallCancellation',
        'usageMetadata',
        'goAway',
        'setupComplete',
      ]) {
        yield `{"${field}":${value}}`;
      }
      for (const field of [
        'modelTurn',
        'inputTranscription',
        'outputTranscription',
        'groundingMetadata',
        'turnComplete',
      ]) {
        yield `{"serverContent":{"${field}":${value}}}`;
      }
      yield `{"serverContent":{"modelTurn":{"parts":${value}}}}`;
      yield `{"toolCall":{"functionCalls":${value}}}`;
      yield value;
    }
    yield '{';
    yield '';
    yield Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    yield `${'['.repeat(100_000)}`;
    yield endOfTurn;
  },
  *'unreadable-with-key'() {
    yield `not JSON, key=AIzaSecretKeyOfTheAttack000000000000000 Authorization: Bearer ${SECRETS.bearer} ${SECRETS.project}\n{"level":60,"msg":"forged"}`;
    yield endOfTurn;
  },
  *'close-with-secrets'() {
    yield { code: 1011, reason: `Bearer ${SECRETS.bearer} of ${SECRETS.project} expired`.slice(0, 120) };
  },
  *'many-tool-calls'() {
    const functionCalls = Array.from({ length: 20_000 }, (_, index) => ({ id: `c${index}`, name: 'quick', args: {} }));
    yield JSON.stringify({ toolCall: { functionCalls } });
    yield endOfTurn;
  },
  *'frames-of-tool-calls'() {
    const functionCalls = ['a', 'b', 'c', 'd'].map((id) => ({ id, name: 'quick', args: {} }));
    yield* repeat(5_000, JSON.stringify({ toolCall: { functionCalls } }));
    yield endOfTurn;
  },
  *'many-parts'() {
    yield JSON.stringify({ serverContent: { modelTurn: { parts: Array(300_000).fill({ text: 'a' }) } } });
    yield endOfTurn;
  },
  *'many-calls-in-parts'() {
    const parts = Array.from({ length: 20_000 }, (_, index) => ({ functionCall: { name: 'quick', args: { index } } }));
    yield JSON.stringify({ serverContent: { modelTurn: { parts } } });
    yield endOfTurn;
  },
  *'many-cancellations'() {
    yield JSON.stringify({ toolCallCancellation: { ids: Array.from({ length: 500_000 }, (_, index) => `${index}`) } });
    yield endOfTurn;
  },
  *'large-arguments'() {
    const args = { x: 'y'.repeat(7 * MEGABYTE) };
    yield JSON.stringify({ toolCall: { functionCalls: [{ id: 'large', name: 'quick', args }] } });
    yield endOfTurn;
  },
  *usage() {
    const details = Array.from({ length: 100_000 }, () => ({ modality: 'TEXT', tokenCount: 1 }));
    yield JSON.stringify({ usageMetadata: { promptTokenCount: 1, promptTokensDetails: details } });
    yield endOfTurn;
  },
  *'go-away'() {
    yield* repeat(2_000, JSON.stringify({ goAway: { timeLeft: '0.001s' } }));
  },
  *resumption() {
    yield* repeat(
      20_000,
      JSON.stringify({ sessionResumptionUpdate: { resumable: true, newHandle: 'h'.repeat(KILOBYTE) } }),
    );
  },
};

const endOfTurn = JSON.stringify({ serverContent: { generationComplete: true, turnComplete: true } });

function content(part: object): string {
  return JSON.stringify({ serverContent: { modelTurn: { parts: [part] } } });
}

function* repeat(count: number, frame: string): Iterable<string> {
  for (let index = 0; index < count; index += 1) yield frame;
}
