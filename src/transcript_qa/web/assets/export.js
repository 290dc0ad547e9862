// Runs once in the exporter. What it is given holds one file as text; it hands that to the browser as a download.
watch('value', () => {
  const file = element.querySelector('textarea');
  if (!file) return;
  const url = URL.createObjectURL(new Blob([file.value], { type: file.dataset.type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: file.dataset.name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
});
