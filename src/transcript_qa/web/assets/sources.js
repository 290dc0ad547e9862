// A chip of the cards says what the question was narrowed to; a click on it asks again without that.
element.addEventListener('click', (event) => {
  const chip = event.target.closest('[data-without]');
  if (chip) trigger('without', { key: chip.dataset.without });
});
