import { expect, test } from '@jest/globals';
import { RowHeights } from '../../../src/web/transcript/row-heights.ts';

const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

test('a row is where the rows above it end, measured or estimated', () => {
  const heights = new RowHeights();
  heights.setRows(rows(1_000));
  const estimated = heights.getOffset(1);
  expect(heights.getOffset(1_000)).toBe(1_000 * estimated);
  heights.setHeight(1, 500);
  expect([heights.getOffset(1), heights.getOffset(2), heights.getOffset(1_000)]).toEqual([
    estimated,
    estimated + 500,
    999 * estimated + 500,
  ]);
});

test('the row at a distance is found, and beyond the ends the first and the last one', () => {
  const heights = new RowHeights();
  heights.setRows(rows(10));
  for (let id = 0; id < 10; id += 1) heights.setHeight(id, 10 + id);
  for (let index = 0; index < 10; index += 1) {
    expect(heights.findRowAt(heights.getOffset(index))).toBe(index);
    expect(heights.findRowAt(heights.getOffset(index + 1) - 1)).toBe(index);
  }
  expect([heights.findRowAt(-5), heights.findRowAt(1e6)]).toEqual([0, 9]);
  expect(new RowHeights().findRowAt(5)).toBe(0);
});

test('a row keeps its height when rows are inserted before it', () => {
  const heights = new RowHeights();
  heights.setRows(rows(2));
  heights.setHeight(1, 40);
  heights.setRows([{ id: 0 }, { id: -1 }, { id: 1 }]);
  expect(heights.findIndex(1)).toBe(2);
  expect(heights.getOffset(3) - heights.getOffset(2)).toBe(40);
});
