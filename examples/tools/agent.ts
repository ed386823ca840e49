// An agent with tools of its own: npm start -- --agent examples/tools/agent.ts
// Without a key, type "read air and read water" (two calls at once), "draw readings" (a picture) and "reset readings" (asks for your confirmation).
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, tool, toolResult } from 'bidi-sse';
import * as z from 'zod';
import { type Color, encodePng } from './encode-png.ts';

/** Temperatures so far, in °C. */
const readings: number[] = [12, 14, 17, 16, 19];

const readAir = tool({
  name: 'read_air',
  description: 'Measures the temperature of the air.',
  parameters: z.object({ unit: z.enum(['celsius', 'fahrenheit']).default('celsius') }),
  // The signal ends the wait when the user interrupts.
  async execute({ unit }, { signal }) {
    await delay(200, undefined, { signal });
    const celsius = 18 + readings.length / 2;
    readings.push(celsius);
    return unit === 'celsius' ? { celsius } : { fahrenheit: celsius * 1.8 + 32 };
  },
});

const readWater = tool({
  name: 'read_water',
  description: 'Measures the temperature of the water.',
  // The model is told what went wrong, and can tell the user.
  execute: () => {
    throw new Error('the sensor is out of the water');
  },
});

const drawReadings = tool({
  name: 'draw_readings',
  description: 'Draws the readings so far.',
  execute: () =>
    toolResult({
      response: { readings: readings.length },
      images: [{ mimeType: 'image/png', data: drawBars(readings) }],
    }),
});

const resetReadings = tool({
  name: 'reset_readings',
  description: 'Deletes all readings.',
  requireConfirmation: true,
  execute: () => `${readings.splice(0).length} readings are deleted`,
});

export const rootAgent = new Agent({
  name: 'weather_station',
  instruction: 'You measure temperatures with your tools. You say what you do.',
  tools: [readAir, readWater, drawReadings, resetReadings],
});

const BAR: Color = [15, 111, 100];
const PAPER: Color = [247, 246, 242];

/** Draws a bar for each value, 4 pixels for a degree. */
function drawBars(values: readonly number[]): Buffer {
  const [step, height] = [40, 120];
  return encodePng(Math.max(1, values.length) * step, height, (x, y) => {
    const isBar = x % step >= 8 && height - y <= (values[Math.floor(x / step)] ?? 0) * 4;
    return isBar ? BAR : PAPER;
  });
}
