"""From predictions and logs to tables, figures and the verdict on a repeated run; nothing here needs torch."""
