/**
 * A page translator, as those of browsers work: it replaces each text node by elements of its own that hold the translation, also in what
 * is added later. Its translation is the text in capitals.
 */
export const PAGE_TRANSLATOR = `addEventListener('DOMContentLoaded', () => {
  const translate = (node) => {
    const parent = node.parentElement;
    if (!parent || !node.data.trim() || parent.closest('font, script, style, textarea, [translate=no]')) return;
    const outer = document.createElement('font');
    const inner = outer.appendChild(document.createElement('font'));
    inner.textContent = node.data.toUpperCase();
    node.replaceWith(outer);
  };
  const translateBelow = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    nodes.forEach(translate);
  };
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === 'characterData') translate(target);
      for (const node of addedNodes) node.nodeType === Node.TEXT_NODE ? translate(node) : translateBelow(node);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  translateBelow(document.body);
});`;
