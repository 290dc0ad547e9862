// Reading a transcript: search in it, copy as a quotation, show one voice. Runs on a transcript's own page and, as the
// first part of the viewer's script, in the chat. It only ever sets text, never HTML.
const tools = (root) => {
  const bar = root.querySelector('.tq-tools');
  const list = root.querySelector('.tq-turns');
  if (!bar || !list || bar.childElementCount) return;
  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const box = make('input', { type: 'search', placeholder: 'Search in this transcript', className: 'tq-find' });
  box.setAttribute('aria-label', 'Search in this transcript');
  const count = make('output', { className: 'tq-meta' });
  const step = (words, label) => make('button', { type: 'button', className: 'tq-button', textContent: words, ariaLabel: label, disabled: true });
  const back = step('↑', 'Previous match'), forth = step('↓', 'Next match');
  const copy = make('button', { type: 'button', className: 'tq-button tq-copy', textContent: 'Copy as quotation' });
  bar.append(make('div', { className: 'tq-finder' }, box, back, forth, count), copy);

  // --- search
  let found = [], at = -1;
  const highlights = window.CSS && CSS.highlights && window.Highlight ? CSS.highlights : null;
  const rangesIn = (turn, pattern) => {
    const nodes = [], starts = [];
    let text = '';
    const walker = document.createTreeWalker(turn.querySelector('p'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) { nodes.push(walker.currentNode); starts.push(text.length); text += walker.currentNode.data; }
    const place = (offset, end) => {
      let node = starts.length - 1;
      while (node > 0 && (end ? starts[node] >= offset : starts[node] > offset)) node -= 1;
      return [nodes[node], offset - starts[node]];
    };
    return [...text.matchAll(pattern)].map((match) => {
      const range = document.createRange();
      range.setStart(...place(match.index, false));
      range.setEnd(...place(match.index + match[0].length, true));
      return { turn, range };
    });
  };
  const show = (index) => {
    at = found.length ? (index + found.length) % found.length : -1;
    count.textContent = box.value.trim() ? (found.length ? `${at + 1} of ${found.length}` : 'not in it') : '';
    for (const button of [back, forth]) button.disabled = !found.length;
    for (const turn of list.querySelectorAll('.at')) turn.classList.remove('at');
    if (at < 0) { if (highlights) highlights.delete('tq-at'); return; }
    const { turn, range } = found[at];
    turn.classList.add('at');
    if (highlights) highlights.set('tq-at', new Highlight(range));
    turn.scrollIntoView({ block: 'center' });
  };
  const search = async () => {
    await list.whole;
    const words = box.value.trim();
    const pattern = words && new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'), 'giu');
    found = pattern ? [...list.children].filter((turn) => !turn.hidden).flatMap((turn) => rangesIn(turn, pattern)) : [];
    if (highlights) highlights.set('tq-find', new Highlight(...found.map((each) => each.range)));
    show(0);
  };
  let pause = 0;
  box.addEventListener('input', () => { clearTimeout(pause); pause = setTimeout(search, 120); });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); show(at + (event.shiftKey ? -1 : 1)); }
    if (event.key === 'Escape' && box.value) { event.stopPropagation(); box.value = ''; search(); }
  });
  back.addEventListener('click', () => show(at - 1));
  forth.addEventListener('click', () => show(at + 1));

  // --- one voice
  const legend = root.querySelector('.tq-legend');
  if (legend) legend.addEventListener('click', async (event) => {
    const voice = event.target.closest('.tq-voice');
    if (!voice) return;
    await list.whole;
    const only = voice.getAttribute('aria-pressed') !== 'true';
    for (const each of legend.querySelectorAll('.tq-voice')) each.setAttribute('aria-pressed', String(only && each === voice));
    for (const turn of list.children) turn.hidden = only && turn.dataset.voice !== voice.dataset.voice;
    if (box.value) search();
  });

  // --- copy as a quotation: what is selected in a turn, else what is marked, else the whole turn
  const chosen = () => {
    const selection = window.getSelection();
    const node = selection && !selection.isCollapsed ? selection.anchorNode : null;
    const inside = node && (node.nodeType === 1 ? node : node.parentElement).closest('.tq-turn');
    if (inside && list.contains(inside)) {
      const range = selection.getRangeAt(0).cloneRange();
      const words = inside.querySelector('p');
      if (!words.contains(range.startContainer)) range.setStartBefore(words);
      if (!words.contains(range.endContainer)) range.setEndAfter(words);
      return [inside, range.toString()];
    }
    const mark = list.querySelector('.tq-turn mark');
    const turn = list.querySelector('.tq-turn:target, .tq-turn.cited, .tq-turn.at') || (mark && mark.closest('.tq-turn'));
    if (!turn) return [null, ''];
    const marks = [...turn.querySelectorAll('mark')].map((each) => each.textContent).join(' ');
    return [turn, marks || turn.querySelector('p').textContent];
  };
  const quotation = () => {
    const [turn, words] = chosen();
    if (!turn) return '';
    const text = (selector) => { const e = turn.querySelector(selector); return e ? e.textContent.trim() : ''; };
    const by = [text('.tq-who'), text('.tq-role'), list.dataset.from, text('.tq-where')].filter(Boolean).join(', ');
    return `“${words.replace(/\s+/g, ' ').trim()}”\n${by}\n${location.origin}${list.dataset.page}#turn-${turn.dataset.turn}`;
  };
  const put = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = make('textarea', { value: text });
      bar.append(area); area.select(); document.execCommand('copy'); area.remove();
    }
  };
  copy.addEventListener('mousedown', (event) => event.preventDefault()); // keeps the selection
  copy.addEventListener('click', async () => {
    const text = quotation();
    if (text) await put(text);
    copy.textContent = text ? 'Copied' : 'Select some words first';
    setTimeout(() => { copy.textContent = 'Copy as quotation'; }, 2000);
  });
};
const page = document.querySelector('main.tq-page');
if (page) tools(page);
