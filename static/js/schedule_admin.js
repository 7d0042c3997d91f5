/* A schedule's page in the admin: shows the fields of the chosen work alone. Without
   this file all of them are shown, and those of other work are left out. */
(function () {
  "use strict";

  function showChosen(select) {
    const chosen = `for-${select.value.replaceAll(".", "-")}`;
    document.querySelectorAll("fieldset.arguments").forEach(function (fieldset) {
      fieldset.hidden = !fieldset.classList.contains(chosen);
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    const select = document.querySelector("select[name=meaning-0-kind]");
    if (select) {
      showChosen(select);
      select.addEventListener("change", function () { showChosen(select); });
    }
  });
}());
