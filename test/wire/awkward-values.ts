/** Values that break code which trusts what an author throws or returns. Each has the name of what it does. */
export function awkwardValues(): [name: string, value: unknown][] {
  const circular: { self?: unknown; list: unknown[] } = { list: [] };
  circular.self = circular;
  circular.list.push(circular);
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'].map((trap) => [trap, fail]),
    ),
  );
  const brokenError = Object.defineProperties(new Error('hidden'), {
    message: { get: fail },
    name: { get: fail },
    stack: { get: fail },
    code: { get: fail },
    cause: { get: fail },
  });
  return [
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['NaN', Number.NaN],
    ['a symbol', Symbol('sign')],
    ['a bigint', 12n],
    ['a huge bigint', 10n ** 5_000n],
    ['a function', () => 1],
    ['an object without a prototype', Object.create(null)],
    ['a circular object', circular],
    ['a proxy that throws', throwing],
    ['a revoked proxy', revoked],
    ['an error whose properties throw', brokenError],
    ['an error with an endless chain of causes', selfCaused()],
    ['an error with a message that is no text', Object.assign(new Error('x'), { message: { deep: circular } })],
    ['an error with a message of 10 MB', new Error('m'.repeat(10 * 1024 * 1024))],
    ['a text of 10 MB', 'é'.repeat(5 * 1024 * 1024)],
    ['a toString that throws', { toString: fail }],
    ['a toString that returns an object', { toString: () => ({}) }],
    ['a toPrimitive that throws', { [Symbol.toPrimitive]: fail }],
    ['a toJSON that throws', { toJSON: fail }],
    ['a toJSON that returns itself', selfConverting()],
    ['a getter that throws', Object.defineProperty({}, 'x', { get: fail, enumerable: true })],
    ['an array of 100 million holes', new Array(100_000_000)],
    ['a typed array of 50 MB', new Uint8Array(50 * 1024 * 1024)],
    ['a buffer of 50 MB', Buffer.alloc(50 * 1024 * 1024)],
    ['an object nested 100,000 deep', nested(100_000)],
    ['a key __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['lone surrogates', '\uD800'.repeat(30_000)],
    ['a map', new Map([[1, 2]])],
    ['an invalid date', new Date(Number.NaN)],
    ['a text in a wrapper', Object('text')],
  ];
}

function fail(): never {
  throw new TypeError('no');
}

function selfCaused(): Error {
  const error = new Error('outer');
  error.cause = error;
  return error;
}

function selfConverting(): object {
  const value = { toJSON: (): object => value };
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
