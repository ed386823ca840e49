import { randomBytes } from 'node:crypto';

/** Opcodes of RFC 6455, section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export interface FrameOptions {
  readonly opcode?: number;
  /** Whether the message ends with this frame. Default: true. */
  readonly fin?: boolean;
  /** Length that the header claims. Default: that of the payload. */
  readonly claimedLength?: number;
  /** Reserved bits; 0x40 marks a compressed message. Default: none. */
  readonly reserved?: number;
  /** Whether the payload is masked, as the frames of a client must be. Default: true, with a mask of zeros. */
  readonly masked?: boolean;
}

/** Encodes one frame of a WebSocket client, valid or not. */
export function encodeFrame(payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = OPCODE.text, fin = true, reserved = 0, masked = true } = options;
  const data = Buffer.from(payload as string);
  const { claimedLength: length = data.length } = options;
  const first = (fin ? 0x80 : 0) | reserved | opcode;
  const mask = masked ? 0x80 : 0;
  let header: Buffer;
  if (length < 126) header = Buffer.from([first, mask | length]);
  else if (length < 65_536) header = Buffer.from([first, mask | 126, length >> 8, length & 0xff]);
  else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = mask | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, ...(masked ? [Buffer.alloc(4)] : []), data]);
}

/** Formats the handshake of a WebSocket. @param headers added, or in place of the usual ones */
export function formatHandshake(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
