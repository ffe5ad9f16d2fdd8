#!/usr/bin/env perl
# On which models a report of `crashlab run --models` (JSON Lines) shows something.
#
#   models.pl shown|unjudged REPORT [MODEL...]
#
# The names, one a line, each once, in the order of the report. Unjudged: nothing was found, and
# nothing was recovered either, or the run was not decided; and the MODELs that the report is
# silent about. A report that cannot be read or has no end fails.
use strict;
use warnings;

my ($what, $report, @asked) = @ARGV;
die "usage: models.pl shown|unjudged REPORT [MODEL...]\n"
  unless defined $report && $what =~ /^(shown|unjudged)$/;
open(my $in, '<', $report) or die "cannot read $report\n";
my (@names, %shown, %judged, $whole);
while (my $line = <$in>) {
  $whole = 1 if $line =~ /^\{"type":"summary"/;
  next unless $line =~ /^\{"type":"scenario"/;
  my ($status) = $line =~ /"status":"([^"]*)"/ or die "$report: no status\n";
  my ($models) = $line =~ /"models":\[(.*?)\],"coverage":/ or die "$report: no models\n";
  my $decided = $status eq 'as-expected' || $status eq 'unexpected';
  while ($models =~ /"name":"([^"]*)","verdicts":\[([^\]]*)\],"clean":(true|false)/g) {
    push @names, $1 unless exists $shown{$1};
    $shown{$1}  ||= $2 ne '';
    $judged{$1} ||= $2 ne '' || ($decided && $3 eq 'true');
  }
}
die "$report: it has no end\n" unless $whole;
die "$report: no models\n" unless @names;
push @names, grep { !exists $shown{$_} } @asked;
print map { "$_\n" } grep { $what eq 'shown' ? $shown{$_} : !$judged{$_} } @names;
