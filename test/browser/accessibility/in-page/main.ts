/* Runs in the page, bundled: what the suite asks of a page. */
import { hideDrawings, measureContrast } from './contrast.ts';
import { beginWalk, noteFocus } from './focus.ts';
import { findFaultsOfWideText, findLayoutFaults } from './layout.ts';
import { findViolations } from './rules.ts';

Object.assign(globalThis, {
  inspection: {
    findViolations,
    findLayoutFaults,
    findFaultsOfWideText,
    hideDrawings,
    measureContrast,
    beginWalk,
    noteFocus,
  },
});
