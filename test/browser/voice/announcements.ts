/**
 * A script that collects in `announcements` the texts that a screen reader would read by itself: what is added to, or changed in, a live region of
 * the page that is not switched off.
 */
export const COLLECT_ANNOUNCEMENTS = `
  globalThis.announcements = [];
  const findRegion = (node) =>
    (node instanceof Element ? node : node.parentElement)?.closest('[aria-live], [role=status], [role=alert], [role=log], output');
  const isHidden = (node) => (node instanceof Element ? node : node.parentElement)?.closest('[aria-hidden=true]');
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      for (const node of type === 'characterData' ? [target] : addedNodes) {
        const region = findRegion(node);
        if (region && region.ariaLive !== 'off' && !isHidden(node)) announcements.push(node.textContent);
      }
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;
